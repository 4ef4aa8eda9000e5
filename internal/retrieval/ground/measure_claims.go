package ground

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Stated is a claim with the passages that speak of it.
type Stated struct {
	Text     string
	Passages []string // their ids
}

// ClaimReport tells how well Judge parts what passages say from what they do not.
type ClaimReport struct {
	Claims int `json:"claims"`
	// Area is how often a claim has more support from its own passage than another has from a passage that is not its own.
	Area float64 `json:"area"`
	// Kept is the part of the claims that count as supported by their own passage.
	Kept float64 `json:"kept"`
	// Caught is the part that count as unsupported by the passage with the most of their words that is not their own.
	Caught float64 `json:"caught"`
	// Thresholds are values of Judging.Least with what they give.
	Thresholds []Judged `json:"thresholds"`
}

// Judged is what a value of Judging.Least gives.
type Judged struct {
	Least  float64 `json:"least"`
	Kept   float64 `json:"kept"`
	Caught float64 `json:"caught"`
}

// MeasureClaims judges each claim twice: as one that cites its own passage, and as one that cites another, which has as many
// of its words as possible. A passage that refutes a claim counts as its own, as one that it takes to know better.
func MeasureClaims(ctx context.Context, e Embedder, passages []Passage, claims []Stated, cfg Judging) (ClaimReport, error) {
	byID := map[string]Passage{}
	sets := make([]map[string]bool, len(passages))
	for i, p := range passages {
		byID[p.ID], sets[i] = p, words(p.Text)
	}
	known := weigh(sets)
	var own, other []float64
	support := func(claim string, p Passage) (float64, error) {
		list, err := Judge(ctx, e, claim+" [S1]", []Source{p.Source}, cfg)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		least := list[0].Support
		for _, c := range list {
			least = min(least, c.Support)
		}
		return least, nil
	}
	for _, c := range claims {
		set, best, share := words(c.Text), -1, -1.0
		for i, p := range passages {
			if s := known.share(set, sets[i]); s > share && !slices.Contains(c.Passages, p.ID) {
				best, share = i, s
			}
		}
		right, found := byID[c.Passages[0]]
		if best < 0 || !found {
			return ClaimReport{}, fmt.Errorf("claim %q: no passage to hold it against", c.Text)
		}
		for list, p := range map[*[]float64]Passage{&own: right, &other: passages[best]} {
			s, err := support(c.Text, p)
			if err != nil {
				return ClaimReport{}, err
			}
			*list = append(*list, s)
		}
	}
	slices.Sort(own)
	slices.Sort(other)
	r := ClaimReport{Claims: len(claims), Area: area(own, other)}
	r.Kept, r.Caught = parted(own, other, cfg.Least)
	for _, least := range []float64{0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6} {
		kept, caught := parted(own, other, least)
		r.Thresholds = append(r.Thresholds, Judged{least, kept, caught})
	}
	return r, nil
}

// parted is the part of the sorted high that reach a threshold, and that of the sorted low that do not.
func parted(high, low []float64, least float64) (reach, miss float64) {
	below, _ := slices.BinarySearch(high, least)
	under, _ := slices.BinarySearch(low, least)
	return 1 - float64(below)/float64(max(1, len(high))), float64(under) / float64(max(1, len(low)))
}

// Print writes the report as a table.
func (r ClaimReport) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "claims\t%d\narea under the curve\t%.3f\nsupported by their own passage\t%.3f\nunsupported by another\t%.3f\n", r.Claims, r.Area, r.Kept, r.Caught)
	for _, j := range r.Thresholds {
		_, _ = fmt.Fprintf(t, "least %.2f\tkept %.3f, caught %.3f\n", j.Least, j.Kept, j.Caught)
	}
	return t.Flush()
}
