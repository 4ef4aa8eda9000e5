// Package vector finds the nearest of many vectors by looking at all of them, which is exact, needs no building and, up to
// some hundred thousand, is done in milliseconds: the vectors are kept as bytes, which the processor multiplies 32 or 64 at
// a time, and the best by the bytes are compared again by the float32 vectors. Begin at Scan.
package vector
