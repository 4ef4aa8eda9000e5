package ground

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Claim is a sentence of an answer, held against what it cites.
type Claim struct {
	Start, End int   // in the answer, with the marks that follow it
	Cites      []int // sources, by their places from 0; none where it names none
	// Support tells how far the best place says the same, from 0 to 1. Where nothing is cited, all sources are looked at.
	Support float64
	Best    Span
}

// Judging weighs what speaks for a claim.
type Judging struct {
	// Meaning is the part of the likeness of vectors in the support; the rest is the part of the claim's words.
	Meaning float64
	// Number is what is left of the support of a claim with a number that its sources do not have.
	Number float64
	// Least is the support from which on a claim counts as supported.
	Least float64
}

// DefaultJudging weighs as Quotes does, and parts about as many claims of SciFact rightly on either side (`parley eval citations`).
func DefaultJudging() Judging { return Judging{Meaning: 0.6, Number: 0.5, Least: 0.45} }

// shortest is how many words make a sentence that claims something: headings and "Yes." do not.
const shortest = 3

// Judge holds every sentence of an answer that claims something against the sources that it cites: how much of what it
// says, in words and in meaning, stands in one sentence of theirs, or in two that follow each other? It takes what is
// turned into its contrary by a word for supported; a number that is made up it does not. An error is the embedder's.
func Judge(ctx context.Context, e Embedder, answer string, sources []Source, cfg Judging) ([]Claim, error) {
	list, said := claims(answer, len(sources))
	if len(list) == 0 {
		return nil, nil
	}
	var places []Span
	texts := append([]string{}, said...)
	for i, s := range sources {
		for _, p := range windows(s.Text) {
			p.Source = i
			places = append(places, p)
			texts = append(texts, s.Text[p.Start:p.End])
		}
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("%d texts got %d vectors", len(texts), len(vectors))
	}
	sets := make([]map[string]bool, len(texts))
	for i, t := range texts {
		sets[i] = words(t)
	}
	known := weigh(sets)
	whole := make([]map[string]bool, len(sources))
	for i, s := range sources {
		whole[i] = words(s.Title + "\n" + s.Text)
	}
	for i := range list {
		c := &list[i]
		for at, p := range places {
			if len(c.Cites) > 0 && !slices.Contains(c.Cites, p.Source) {
				continue
			}
			k := len(said) + at
			support := cfg.Meaning*max(0, dot(vectors[i], vectors[k])) + (1-cfg.Meaning)*known.share(sets[i], sets[k])
			if madeUp(sets[i], whole[p.Source]) {
				support *= cfg.Number
			}
			if support > c.Support {
				c.Support, c.Best = support, p
			}
		}
	}
	return list, nil
}

// Unsupported is the part of the claims that have less support than a claim needs: 0 for none, and where nothing is claimed.
func Unsupported(list []Claim, cfg Judging) float64 {
	n := 0
	for _, c := range list {
		if c.Support < cfg.Least {
			n++
		}
	}
	return float64(n) / float64(max(1, len(list)))
}

var marks = regexp.MustCompile(`\s*` + strings.TrimPrefix(mark.String(), "^"))

// claims parts an answer into its sentences that claim something; said are their texts without marks. A mark belongs to the
// sentence before it, whether it stands before or behind the full stop.
func claims(answer string, sources int) (list []Claim, said []string) {
	var plain strings.Builder
	type place struct {
		at, end int // in the text without marks, and in the answer behind the mark
		cites   []int
	}
	found := marks.FindAllStringIndex(answer, -1)
	places := make([]place, 0, len(found))
	kept := make([]int, 0, len(answer)) // of each byte of the plain text, its place in the answer
	reader, at := NewMarks(sources), 0
	keep := func(until int) {
		plain.WriteString(answer[at:until])
		for ; at < until; at++ {
			kept = append(kept, at)
		}
	}
	for _, m := range found {
		keep(m[0])
		places = append(places, place{plain.Len(), m[1], reader.cites(answer[m[0]:m[1]])})
		at = m[1]
	}
	keep(len(answer))
	text := plain.String()
	all := sentences(text)
	for i, s := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1].Start
		}
		c := Claim{Start: kept[s.Start], End: kept[s.End-1] + 1}
		for _, p := range places {
			if p.at > s.Start && p.at <= end {
				c.Cites = append(c.Cites, p.cites...)
				c.End = max(c.End, p.end)
			}
		}
		one := text[s.Start:s.End]
		if len(words(one)) < shortest || strings.HasSuffix(one, "?") || strings.HasPrefix(one, "#") {
			continue
		}
		list, said = append(list, c), append(said, one)
	}
	return list, said
}

// windows are the sentences of a text, and each with the one behind it.
func windows(text string) []Span {
	all := sentences(text)
	for i := range max(0, len(all)-1) {
		all = append(all, Span{Start: all[i].Start, End: all[i+1].End})
	}
	return all
}

// madeUp tells whether a claim has a number that a source has not.
func madeUp(claim, source map[string]bool) bool {
	for word := range claim {
		if strings.ContainsFunc(word, unicode.IsDigit) && !source[word] {
			return true
		}
	}
	return false
}
