// Package prompts keeps the texts that people use again and again, each called by a command such as
// /review. A text may have variables, {{name}} or {{name|default}}, which the page asks for before the
// text is sent: here they are only told. A prompt is its owner's alone or shared with the tenant.
//
// Titles and texts are sealed with the tenant's key; commands are not, since the database keeps them
// apart. Begin at Store.
package prompts
