package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cheggaaa/pb/v3"
	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/serving/catalogue"
)

// pullProgress shows a pull: on a terminal as a bar, elsewhere as a line now and then, for logs.
type pullProgress struct {
	out    io.Writer
	bars   bool
	now    func() time.Time
	bar    *pb.ProgressBar
	step   string
	total  int64
	shown  int64     // percent that was printed last
	last   time.Time // when
	worked bool
}

var _ catalogue.Progress = (*pullProgress)(nil)

func newPullProgress(out io.Writer) *pullProgress {
	return &pullProgress{out: out, bars: wide(out), now: time.Now}
}

// wide tells whether out is a terminal that has room for a bar.
func wide(out io.Writer) bool {
	f, isFile := out.(*os.File)
	if !isFile {
		return false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return err == nil && width >= 60
}

const barTemplate = `{{string . "step"}} {{counters . }} {{bar . "[" "=" ">" " " "]"}} {{percent . }} {{speed . "%s/s" " "}} {{rtime . "%s left" "in %s" " "}}`

// Begin implements catalogue.Progress.
func (p *pullProgress) Begin(_ catalogue.Phase, step string, bytes int64) {
	p.endBar()
	p.worked, p.step, p.total, p.shown, p.last = true, step, bytes, 0, p.now()
	if p.bars && bytes > 0 {
		p.bar = pb.New64(bytes).Set(pb.Bytes, true).SetTemplateString(barTemplate).SetWriter(p.out).Set("step", step).Start()
		return
	}
	_, _ = fmt.Fprintf(p.out, "%s%s\n", step, megabytes(bytes))
}

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d MB", max(1, (n+5e5)/1e6))
}

// Lines come every ten percent, and for a slow step every few seconds if there is a percent more.
const (
	linePercent = 10
	lineEvery   = 5 * time.Second
)

// At implements catalogue.Progress.
func (p *pullProgress) At(bytes int64) {
	if p.bar != nil {
		p.bar.SetCurrent(bytes)
		return
	}
	if p.bars || p.total == 0 {
		return
	}
	percent := min(100, bytes*100/p.total)
	slow := p.now().Sub(p.last) >= lineEvery
	// A step that is over within a moment needs no more than its first line.
	if percent <= p.shown || percent == 100 || !slow && (percent < p.shown+linePercent || p.now().Sub(p.last) < time.Second) {
		return
	}
	p.shown, p.last = percent, p.now()
	_, _ = fmt.Fprintf(p.out, "%s: %d %% of %d MB\n", p.step, percent, max(1, (p.total+5e5)/1e6))
}

func (p *pullProgress) endBar() {
	if p.bar != nil {
		p.bar.Finish()
		p.bar = nil
	}
}

// finish ends what is shown and tells whether there was anything to do.
func (p *pullProgress) finish() bool {
	p.endBar()
	return p.worked
}
