// Package chat is the vocabulary that every part of Parley speaks: who asks (Scope, Identity), what is
// said (Message, ToolCall), how it is generated (Params, Finish, Usage) and what a running turn tells
// its reader (Event). It imports the standard library only and holds no behaviour worth a test double.
package chat
