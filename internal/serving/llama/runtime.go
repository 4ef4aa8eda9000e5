package llama

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebitengine/purego"
	"github.com/hybridgroup/yzma/pkg/llama"
	"github.com/hybridgroup/yzma/pkg/loader"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/llama/mtmd"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
)

// process is the state of the shared libraries, which a process has once: they cannot be unloaded, their
// log has one callback, and loading backends again would list them twice. It is the only global here,
// because what it mirrors is one.
var process struct {
	sync.Mutex
	dir    string
	log    *nativeLog
	sight  *mtmd.Library     // nil until a model has a projector
	params llama.ModelParams // with the callback that sees cancellation
	// cancelled ends the load that is under way. Loads take turns by the lock.
	cancelled atomic.Bool
	compute   sync.Mutex // held by the engine that computes a step
	trim      uintptr    // glibc's malloc_trim, or 0
}

// Runtime loads models with the libraries of one folder.
type Runtime struct {
	cfg   Config
	shelf *shelf.Shelf
	log   *zap.Logger
}

var _ serving.Loader = (*Runtime)(nil)

// Open loads the libraries. When they are missing or do not fit this program, the error is
// fault.Unavailable and says what to run. Opening the same folder again is cheap; another folder in the
// same process is an error. On the shelf, which may be nil, models leave what they computed.
func Open(cfg Config, keep *shelf.Shelf, log *zap.Logger) (*Runtime, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("engine settings: %w", err)
	}
	process.Lock()
	defer process.Unlock()
	if process.dir == "" {
		if err := loadLibraries(cfg.Dir, log); err != nil {
			return nil, err
		}
		process.dir = cfg.Dir
	}
	if process.dir != cfg.Dir {
		return nil, fault.Unavailable("the engine's libraries are already loaded from another folder: restart to use %s", cfg.Dir)
	}
	return &Runtime{cfg: cfg, shelf: keep, log: log}, nil
}

const remedy = "run `parley model pull`, or `make run` in a checkout, or set PARLEY_ENGINE_DIR to a folder that holds them"

func loadLibraries(dir string, log *zap.Logger) error {
	if dir == "" {
		return fault.Unavailable("no folder is set for the engine's libraries: %s", remedy)
	}
	for _, name := range []string{"ggml", "ggml-base", "llama"} {
		if file := loader.GetLibraryFilename(dir, name); !readable(file) {
			return fault.Unavailable("the engine's library %s is not in %s: %s", filepath.Base(file), dir, remedy)
		}
	}
	if err := llama.Load(dir); err != nil {
		return fault.Unavailable("the engine's libraries in %s do not fit this program: %s", dir, remedy).Because(err)
	}
	process.log = &nativeLog{log: log}
	process.log.install()
	llama.BackendInit()
	if err := llama.GGMLBackendLoadAllFromPath(dir); err != nil {
		return fault.Unavailable("the engine finds no code for this processor in %s: %s", dir, remedy).Because(err)
	}
	// The bindings mirror C structs by hand. Wrong defaults mean that the layout of these libraries is
	// another one, and that every call would write somewhere.
	if p := llama.ContextDefaultParams(); p.NBatch != 2048 || p.NUbatch != 512 || p.NSeqMax != 1 {
		return fault.Unavailable("the engine's libraries in %s are of another version than this program: %s", dir, remedy)
	}
	if llama.GGMLBackendDeviceCount() == 0 {
		return fault.Unavailable("the engine finds no code for this processor in %s: %s", dir, remedy)
	}
	if process.trim, _ = purego.Dlsym(purego.RTLD_DEFAULT, "malloc_trim"); process.trim == 0 {
		log.Debug("this C library cannot give back freed memory at once")
	}
	process.params = llama.ModelDefaultParams()
	process.params.SetProgressCallback(func(float32, uintptr) uint8 {
		if process.cancelled.Load() {
			return 0
		}
		return 1
	})
	return nil
}

// giveBack returns freed native memory to the system. glibc keeps what a model's vocabulary took, for
// each thread that ever loaded one, and would grow with every load.
func giveBack() {
	if process.trim != 0 {
		_, _, _ = purego.SyscallN(process.trim, 0)
	}
}

func readable(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// Load implements serving.Loader. Loads take turns. When ctx ends, the load is given up and its memory
// freed.
func (r *Runtime) Load(ctx context.Context, m serving.Model) (serving.Engine, error) {
	process.Lock()
	defer process.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	began := time.Now()
	nat, err := r.loadModel(ctx, m)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	var e serving.Engine
	switch m.Kind {
	case serving.KindEmbed:
		e, err = newEmbedEngine(r.cfg, m, nat)
	case serving.KindRerank:
		e, err = newRankEngine(r.cfg, m, nat)
	default:
		sees := r.openEyes(m, nat)
		if e, err = newChatEngine(r.cfg, m, nat, sees, r.shelf); err != nil {
			sees.close()
		}
	}
	if err != nil {
		nat.free()
		return nil, err
	}
	info := e.Info()
	r.log.Info("model loaded", zap.String("model", m.ID), zap.String("description", info.Description),
		zap.Int("context", info.Context), zap.Int("slots", info.Slots), zap.Uint64("bytes", info.MemoryBytes),
		zap.Duration("took", time.Since(began)))
	return e, nil
}

// loadModel reads the file; the caller holds the lock of process.
func (r *Runtime) loadModel(ctx context.Context, m serving.Model) (*model, error) {
	if err := checkFile(m); err != nil {
		return nil, err
	}
	process.cancelled.Store(false)
	release := context.AfterFunc(ctx, func() { process.cancelled.Store(true) })
	defer release()
	params := process.params
	params.NGpuLayers, params.MainGpu, params.SplitMode = int32(r.cfg.GPULayers), int32(r.cfg.GPUMain), splits[r.cfg.GPUSplit]
	var shares [maxGPUs]float32
	if copy(shares[:], r.cfg.GPUShares) > 0 {
		params.TensorSplit = &shares[0]
	}
	process.log.takeComplaint()
	handle, err := llama.ModelLoadFromFile(m.Path, params)
	runtime.KeepAlive(&shares)
	if err != nil {
		return nil, broken(m, process.log.takeComplaint()).Because(err)
	}
	return newModel(handle), nil
}

// checkFile keeps from the native loader what would end the process or worse: it takes much of a header on trust.
func checkFile(m serving.Model) error {
	_, err := gguf.Inspect(m.Path)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return fault.Unavailable("the file of model %q cannot be read: run `parley model pull %s`", m.ID, m.ID).Because(err)
	}
	if err != nil {
		return broken(m, err.Error())
	}
	return nil
}

// broken says that a model's file is of no use, and why.
func broken(m serving.Model, why string) *fault.Error {
	if why == "" {
		why = "the engine does not say why"
	}
	why = strings.ReplaceAll(why, m.Path, filepath.Base(m.Path)) // a user may see it
	return fault.Unavailable("model %q cannot be loaded (%s): run `parley model rm %s` and `parley model pull %s`", m.ID, why, m.ID, m.ID)
}
