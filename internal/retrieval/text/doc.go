// Package text finds passages by their words: BM25 in bleve, on the disk. Each language has a field of its own, with its
// stems and stop words; a question is looked up in all that there are, since nobody says in which one it is asked. Begin
// at Index.
package text
