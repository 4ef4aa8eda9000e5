// Package exchange reads conversations that were kept elsewhere, and writes one for people to read. It
// knows Parley's own export and the entries of a ChatGPT export, and gives both the one form of a Document:
// a tree in which every message may stand where it stands. What is read comes from a file that anybody
// may have written, so nothing in it is trusted: not its ids, times, sizes or links.
//
// Begin at Read.
package exchange
