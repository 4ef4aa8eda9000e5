package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/tune"
)

// workshop makes and compares models with the embedded engine.
type workshop struct {
	models  *catalogue.Catalogue
	runtime *llama.Runtime
	bench   tune.Bench
	memory  func() (total, available int64)
}

var _ catalogue.Workshop = (*workshop)(nil)

// NewWorkshop opens the engine to make and compare models as a server with these settings would run them.
// Comparing takes no longer than within, if that is not 0.
func NewWorkshop(cfg Config, models *catalogue.Catalogue, within time.Duration, log *zap.Logger) (catalogue.Workshop, error) {
	run := cfg.Engine.Run
	run.Guesses = 0 // how many of them come true depends on the text, not on the type of the weights
	var err error
	if run.Dir, err = models.EngineLibraries(); err != nil {
		return nil, err
	}
	r, err := llama.Open(run, nil, log.Named("llama"))
	if err != nil {
		return nil, err
	}
	return &workshop{models, r, tune.Bench{Loader: r, Now: time.Now, Within: within}, machineMemory}, nil
}

// Quantize implements catalogue.Workshop. What would not fit the memory afterwards is not begun.
func (w *workshop) Quantize(ctx context.Context, m serving.Model, to, kind string) error {
	need := gguf.SizeAs(kind, m.Parameters)
	if _, available := w.memory(); available > 0 && need > available {
		return fault.Unavailable("%s needs about %d MB of memory as %s, and %d MB are free", m.ID, need>>20, kind, available>>20)
	}
	return w.runtime.Quantize(ctx, m, to, kind)
}

// Compare implements catalogue.Workshop.
func (w *workshop) Compare(ctx context.Context, source, candidate serving.Model) (tune.Verdict, error) {
	return w.bench.Compare(ctx, source, candidate)
}

// About implements catalogue.Workshop.
func (w *workshop) About(ctx context.Context) (machine, engine string) {
	machine = fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if name := processor(os.DirFS("/")); name != "" {
		machine = name + ", " + machine
	}
	e, err := w.models.Engine(ctx)
	if err != nil {
		return machine, ""
	}
	return machine, strings.TrimSpace("llama.cpp " + cmp.Or(e.Version, "of one's own") + " " + e.Platform)
}

// processor is what the processor below root calls itself, or "".
func processor(root fs.FS) string {
	raw, _ := fs.ReadFile(root, "proc/cpuinfo")
	for line := range bytes.Lines(raw) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
