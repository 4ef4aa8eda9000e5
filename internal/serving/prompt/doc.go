// Package prompt turns messages into what a model reads, by the model's own chat template (Jinja, from
// the GGUF key tokenizer.chat_template). A model without a template gets ChatML, which most small
// instruction models understand.
//
// A prompt is a row of segments rather than one text, because text from people, documents and tools must
// not be able to write the model's control tokens. Render therefore hides every control token that a
// message spells behind a placeholder that nobody can guess, renders the template, and splits the result:
// what then still spells a control token is the template's own and becomes a Special segment; all else,
// the hidden spellings included, is plain text. Template filters (trim, split, tojson) see the messages
// as they are, except for those spellings.
//
// An answer that is not finished is continued by the prompt that asked for it with its text behind, open at the
// end (Continue).
//
// A template could still glue two harmless halves together. So Render also renders with every text
// hidden as a whole: if that does not give the same row of control tokens, it is used instead.
package prompt
