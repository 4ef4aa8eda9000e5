// Package vector finds the nearest of many vectors. They are kept as bytes, which the processor multiplies 32 or 64 at a
// time, and the best by the bytes are compared again by what the bytes left out. Up to a hundred thousand are looked at one by
// one, which is exact, needs no building and is done in a millisecond or two; above that a graph leads to them. Who may see
// what is asked within the search, never after it. Begin at Index.
package vector
