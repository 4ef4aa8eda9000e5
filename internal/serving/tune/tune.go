package tune

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

const (
	// An answer of the usual kind: what a model is judged by.
	promptTokens, answerTokens = 512, 150
	// gain is by how much of the time the candidate must be better. Below it is chance, or not worth the memory.
	// Fewer rounds than all leave more to chance.
	gain, gainOfFew = 0.05, 0.15
	// maxDivergence is how many nats the candidate may differ from the source in its choice of the first token. A
	// type of 8 bits stays below a hundredth of it, one of 4 bits made of another of 4 bits is near it.
	maxDivergence = 0.05
	// rounds measure each of the two once. The median is what counts.
	rounds = 3
)

// Candidates are the types that lose nothing of a model of this type and may be faster, best first. There are
// none for what is of such a type already, and for types that a model was trained in.
func Candidates(kind string) []string {
	switch kind {
	case "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
		"IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M", "IQ4_NL", "IQ4_XS":
		return []string{"Q8_0"}
	default:
		return nil
	}
}

// Speed is how fast a model is, in tokens a second.
type Speed struct {
	Prefill float64 `json:"prefill"` // of a prompt
	One     float64 `json:"one"`     // of one answer
	Eight   float64 `json:"eight"`   // of eight answers at once, together
}

// Seconds is how long an answer takes: the geometric mean of the time of one alone, and of an eighth of the time
// of eight at once.
func (s Speed) Seconds() float64 {
	return math.Sqrt((promptTokens/s.Prefill + answerTokens/s.One) * (promptTokens/s.Prefill + answerTokens/s.Eight))
}

// Verdict is what a comparison has shown.
type Verdict struct {
	Source     Speed   `json:"source"`
	Candidate  Speed   `json:"candidate"`
	Divergence float64 `json:"divergence"` // nats, the mean over the first tokens of many answers
	Rounds     int     `json:"rounds"`
	Least      float64 `json:"least"` // the ratio of the round in which the candidate did worst
}

// Equal tells whether the candidate says what the source says.
func (v Verdict) Equal() bool { return v.Divergence < maxDivergence }

// Better tells whether the candidate is to be used. Where it lost a round the figures are noise.
func (v Verdict) Better() bool {
	least := gain
	if v.Rounds < rounds {
		least = gainOfFew
	}
	return v.Equal() && v.Ratio() >= 1+least && v.Least >= 1
}

// Ratio is how many times as fast the candidate answers as the source; 0 when that was not measured.
func (v Verdict) Ratio() float64 {
	if v.Candidate.Prefill == 0 {
		return 0
	}
	return v.Source.Seconds() / v.Candidate.Seconds()
}

// String tells in a sentence why the candidate is used or not.
func (v Verdict) String() string {
	differs := fmt.Sprintf("its first tokens differ by %.4f nats", v.Divergence)
	if !v.Equal() {
		return fmt.Sprintf("%s, and %.2f is the most that passes as equal", differs, maxDivergence)
	}
	return fmt.Sprintf("it reads prompts %.2f times as fast (%.0f tokens/s), answers alone %.2f times (%.0f) and eight at once %.2f times (%.0f), together %.2f times, at worst %.2f; %s",
		v.Candidate.Prefill/v.Source.Prefill, v.Candidate.Prefill, v.Candidate.One/v.Source.One, v.Candidate.One,
		v.Candidate.Eight/v.Source.Eight, v.Candidate.Eight, v.Ratio(), v.Least, differs)
}

// Bench compares models. They are loaded one at a time, so that no more memory is needed than to serve either.
type Bench struct {
	Loader serving.Loader
	Now    func() time.Time
	// Within is how long it may take; no round after the first is begun that would take longer, and a first that
	// does is given up. 0 means as long as it takes.
	Within time.Duration
}

// Compare measures the source and the candidate in turns. Speed is not measured where the candidate says
// something else than the source. It is fault.Unavailable when the time was too short.
func (b Bench) Compare(ctx context.Context, source, candidate serving.Model) (Verdict, error) {
	if b.Within == 0 {
		return b.compare(ctx, source, candidate)
	}
	short, cancel := context.WithTimeout(ctx, b.Within)
	defer cancel()
	v, err := b.compare(short, source, candidate)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return v, fault.Unavailable("measuring takes longer than %v: the machine is busy, or slow for a model of this size", b.Within)
	}
	return v, err
}

func (b Bench) compare(ctx context.Context, source, candidate serving.Model) (Verdict, error) {
	var v Verdict
	var said [2][]distribution
	var speeds [2][]Speed
	began := b.Now()
	for v.Rounds < rounds {
		start := b.Now()
		for i, m := range []serving.Model{source, candidate} {
			if err := b.visit(ctx, m, func(r run) error {
				if v.Rounds == 0 {
					var err error
					if said[i], err = r.firstTokens(ctx); err != nil {
						return err
					}
					if i == 1 {
						if v.Divergence = divergence(said[0], said[1]); !v.Equal() {
							return nil
						}
					}
				}
				s, err := r.speed(ctx)
				speeds[i] = append(speeds[i], s)
				return err
			}); err != nil {
				return v, err
			}
		}
		if v.Rounds++; !v.Equal() {
			return v, nil
		}
		v.Source, v.Candidate = middle(speeds[0]), middle(speeds[1])
		if ratio := speeds[0][v.Rounds-1].Seconds() / speeds[1][v.Rounds-1].Seconds(); v.Rounds == 1 || ratio < v.Least {
			v.Least = ratio
		}
		if now := b.Now(); b.Within > 0 && now.Sub(began)+now.Sub(start) > b.Within {
			break
		}
	}
	return v, nil
}

// visit loads a model, lets use measure it and frees it.
func (b Bench) visit(ctx context.Context, m serving.Model, use func(run) error) error {
	e, err := b.Loader.Load(ctx, m)
	if err != nil {
		return err
	}
	err = use(run{engine: e, now: b.Now})
	if closed := e.Close(); err == nil {
		err = closed
	}
	return err
}

// middle takes the median of each figure.
func middle(speeds []Speed) Speed {
	median := func(of func(Speed) float64) float64 {
		all := make([]float64, 0, len(speeds))
		for _, s := range speeds {
			all = append(all, of(s))
		}
		slices.Sort(all)
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	return Speed{
		Prefill: median(func(s Speed) float64 { return s.Prefill }),
		One:     median(func(s Speed) float64 { return s.One }),
		Eight:   median(func(s Speed) float64 { return s.Eight }),
	}
}

var errSilent = fault.Unavailable("the model says too little for its speed to be measured")
