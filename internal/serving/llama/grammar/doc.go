// Package grammar writes GBNF, the grammars of llama.cpp, for JSON Schemas: what such a grammar lets through
// is valid. It is pure Go; the engine runs the grammar. Begin at Compile.
//
// A schema is taken apart into goals. A goal is a set of schemas that one value must fit, some of them
// negated, and has an alternative (branch) for each way to fit it and each type of value. A branch holds
// what its keywords ask (demands); the demands on members and items are goals again, and since equal goals
// are one, a recursive schema comes to an end. Texts and numbers become automata, which are closed under
// "and" and "not"; each automaton becomes a rule a state.
//
// The grammar may be narrower than the schema, never wider: white space is one space at most, numbers have
// no exponent, members come in the order of the schema, members that no keyword names are written only where
// the schema asks for them. What has no grammar that is narrow enough, is refused by keyword and place. All work is
// counted, so that no schema takes long.
package grammar
