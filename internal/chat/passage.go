package chat

import "fmt"

// Passage is a part of a document that was found.
type Passage struct {
	ID       uint64
	Base     string // the knowledge base
	File     string // the file in it
	Name     string // of the file
	Title    string // of the document, "" where it names none
	Heading  string // those above it, outermost first, parted by " > "
	Page     int    // from 1; 0 for a document without pages
	Start    int    // its bytes in the document's text
	End      int
	Text     string
	Score    float64 // 0 to 1, by which it was found; the parts of it follow
	ByWords  float64 // 0 where its words were not among the best
	ByVector float64 // a cosine; 0 where its vector was not among the best
	ByTokens float64 // how alike its tokens are; 0 where it was not ranked by them
}

// Source is a place that an answer rests on, under the label by which the answer names it.
type Source struct {
	Label   string  `json:"label" description:"As the answer names it: S1, S2, ..."`
	Base    string  `json:"vector_store_id"`
	File    string  `json:"file_id"`
	Name    string  `json:"filename"`
	Title   string  `json:"title"`
	Heading string  `json:"heading" description:"The headings above it, outermost first."`
	Page    int     `json:"page" description:"From 1; 0 for a document without pages."`
	Start   int     `json:"start" description:"The bytes of the document's text that are quoted, or that the model was given."`
	End     int     `json:"end"`
	Quote   string  `json:"quote" description:"Those bytes."`
	Score   float64 `json:"score"`
	Cited   bool    `json:"cited" description:"Whether the answer rests on it; the others are the nearest that were found."`
}

// Grounding tells how far an answer that a model wrote rests on its sources.
type Grounding struct {
	// Hallucination is the part of the claims that no source supports.
	Hallucination float64 `json:"hallucination_score" minimum:"0" maximum:"1" description:"The part of the claims that their sources do not support: 0 is an answer that rests on them as a whole."`
	Claims        []Claim `json:"claims"`
}

// Claim is a sentence of an answer, held against the sources that it names, or against all where it names none.
type Claim struct {
	Start     int      `json:"start" description:"The bytes of the answer's text."`
	End       int      `json:"end"`
	Cites     []string `json:"cites" description:"The labels of the sources that it names."`
	Support   float64  `json:"support" description:"How far the best place of the sources says the same, in words and in meaning: 0 to 1."`
	Supported bool     `json:"supported"`
	Source    string   `json:"source" description:"The label of the source with the best place; empty for none."`
}

// PassageChange is one line of the log that an index follows.
type PassageChange struct {
	Seq     uint64 // rises by one or more from line to line
	ID      uint64
	Live    bool // false: it is deleted, and nothing below is set
	Class   uint32
	Lang    string // BCP 47, "" unknown
	Text    string
	Vectors [][]float32 // of the windows of its text
}

// Source makes of some bytes of the passage's text what an answer names by a number.
func (p Passage) Source(number, start, end int, cited bool) Source {
	return Source{
		Label: fmt.Sprintf("S%d", number), Base: p.Base, File: p.File, Name: p.Name, Title: p.Title, Heading: p.Heading, Page: p.Page,
		Start: p.Start + start, End: p.Start + end, Quote: p.Text[start:end], Score: p.Score, Cited: cited,
	}
}
