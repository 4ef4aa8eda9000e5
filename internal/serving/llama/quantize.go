package llama

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/hybridgroup/yzma/pkg/llama"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// ftypes are the types that need no more than the model itself to be made well.
var ftypes = map[string]llama.Ftype{
	"Q4_0": llama.FtypeMostlyQ4_0, "Q4_1": llama.FtypeMostlyQ4_1, "Q5_0": llama.FtypeMostlyQ5_0, "Q5_1": llama.FtypeMostlyQ5_1,
	"Q8_0": llama.FtypeMostlyQ8_0, "Q4_K": llama.FtypeMostlyQ4_K_M, "Q5_K": llama.FtypeMostlyQ5_K_M, "Q6_K": llama.FtypeMostlyQ6_K,
	"F16": llama.FtypeMostlyF16, "BF16": llama.FtypeMostlyBF16,
}

// quantizeBuffer bounds the memory that the library takes for the rows at hand. Its own bound is 8 GiB.
const quantizeBuffer = 256 << 20

// Quantize writes the model's weights as another type into the file to, which is complete only when there is no
// error. A file that is no usable model, and a type that cannot be made, is a fault. When ctx ends it returns at
// once; the library cannot be stopped and finishes a file that nobody uses, while loads wait for it.
func (r *Runtime) Quantize(ctx context.Context, m serving.Model, to, kind string) error {
	ftype, ok := ftypes[kind]
	if !ok {
		known := make([]string, 0, len(ftypes))
		for name := range ftypes {
			known = append(known, name)
		}
		slices.Sort(known)
		return fault.Invalid("a model cannot be made as %q, only as one of %s", kind, strings.Join(known, ", "))
	}
	if err := checkFile(m); err != nil {
		return err
	}
	process.Lock()
	if err := ctx.Err(); err != nil {
		process.Unlock()
		return err
	}
	p := llama.ModelQuantizeDefaultParams()
	// As in loadLibraries: other defaults mean another layout.
	if p.Ftype != llama.FtypeMostlyQ8_0 || p.QuantizeOutputTensor != 1 || p.AllowRequantize != 0 || p.DryRun != 0 || p.MaxBufSize != 8<<30 {
		process.Unlock()
		return fault.Unavailable("the engine's libraries in %s cannot make models of another type: %s", r.cfg.Dir, remedy)
	}
	p.Ftype, p.NThread, p.AllowRequantize, p.MaxBufSize = ftype, r.cfg.threads(), 1, quantizeBuffer
	process.log.takeComplaint()
	done := make(chan error, 1)
	go func() {
		defer process.Unlock()
		defer giveBack()
		var err error
		if code := llama.ModelQuantize(m.Path, to, &p); code != 0 {
			err = fault.Unavailable("model %q cannot be made as %s: %s", m.ID, kind, process.log.takeComplaint())
		}
		if ctx.Err() != nil {
			_ = os.Remove(to)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			r.log.Info("model quantized", zap.String("model", m.ID), zap.String("type", kind))
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
