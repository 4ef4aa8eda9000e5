// Package eval holds an engine to what it promises of answers with a form: that they parse and fit their
// schema, or end with "length". It draws schemas and calls of functions from public test data. Begin at
// Structured.
package eval
