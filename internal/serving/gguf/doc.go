// Package gguf reads and writes model files in the GGUF format (versions 2 and 3, little endian) without
// any native code. It exists so that a file is judged before the native loader sees it: that code trusts
// much of what it reads, and a damaged or hostile file would take the whole process down. Begin with
// Inspect; Writer and AppendQ8_0 are for making small models from their published weights.
//
// It runs no model and knows no catalogue.
package gguf
