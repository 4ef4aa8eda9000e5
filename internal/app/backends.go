package app

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
)

// newEngine is what runs models: the embedded llama.cpp, in this process or in one of its own.
func newEngine(cfg Config, models *catalogue.Catalogue, computed *shelf.Shelf, build string, log *zap.Logger) serving.Loader {
	if cfg.Engine.Isolation == isolationProcess {
		return newIsolated(cfg, models, build, log.Named("engine"))
	}
	return &lateEngine{cfg: cfg.Engine.Run, models: models, computed: computed, log: log.Named("llama")}
}

// lateEngine opens the engine libraries when the first model is asked for. The server starts without
// them, and libraries that are installed later are found.
type lateEngine struct {
	cfg      llama.Config
	models   *catalogue.Catalogue
	computed *shelf.Shelf
	log      *zap.Logger

	mu      sync.Mutex
	runtime *llama.Runtime
	problem error // of the last attempt to open it
}

// Load implements serving.Loader.
func (e *lateEngine) Load(ctx context.Context, m serving.Model) (serving.Engine, error) {
	runtime, err := e.open()
	if err != nil {
		return nil, err
	}
	return runtime.Load(ctx, m)
}

func (e *lateEngine) open() (*llama.Runtime, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.runtime != nil {
		return e.runtime, nil
	}
	dir, err := e.models.EngineLibraries()
	if err != nil {
		return nil, err
	}
	cfg := e.cfg
	cfg.Dir = dir
	e.runtime, e.problem = llama.Open(cfg, e.computed, e.log)
	return e.runtime, e.problem
}

// failure is why libraries that are there could not be opened, or nil.
func (e *lateEngine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.problem
}
