package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
	"github.com/parley-chat/parley/internal/serving/supervise"
	"github.com/parley-chat/parley/internal/serving/worker"
	"github.com/parley-chat/parley/internal/telemetry"
)

// Where the engine runs.
const (
	isolationNone    = "none"
	isolationProcess = "process"
)

// EngineCommand is the command of this binary that is the engine's process. Its argument is an engineTask.
const EngineCommand = "engine"

// engineTask is all that the engine's process is told at its start. There is no secret in it.
type engineTask struct {
	Run      llama.Config
	LogLevel string
	Build    string
}

// isolated is the embedded engine in a process of its own.
type isolated struct {
	*supervise.Supervisor
	file string // where its state is kept for `parley doctor`
	log  *zap.Logger
}

func newIsolated(cfg Config, models *catalogue.Catalogue, build string, log *zap.Logger) *isolated {
	e := &isolated{file: engineFile(cfg.DataDir), log: log}
	e.Supervisor = supervise.New(func() (supervise.Command, error) {
		dir, err := models.EngineLibraries()
		if err != nil {
			return supervise.Command{}, err
		}
		task := engineTask{Run: cfg.Engine.Run, LogLevel: cfg.Log.Level, Build: build}
		task.Run.Dir = dir
		// The process has no tenant's key, and without one nothing is written.
		task.Run.Keep.DiskMB = 0
		text, err := json.Marshal(task)
		if err != nil {
			return supervise.Command{}, err
		}
		return supervise.Self(EngineCommand, string(text))
	}, build, log)
	e.HungAfter(cfg.Engine.HungAfter)
	e.OnChange(e.note)
	return e
}

// failure is why the process or its libraries could not be opened when they were last needed, or nil.
func (e *isolated) failure() error { return e.State().Problem }

// watch counts its restarts.
func (e *isolated) watch(reg prometheus.Registerer) {
	reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "parley_engine_restarts_total", Help: "How often the engine's process has died and was started again.",
	}, func() float64 { return float64(e.State().Restarts) }))
}

// engineNote is the state of the engine's process, for a doctor who is called beside the server. It is good
// while a server runs, which drops that of the one before.
type engineNote struct {
	PID      int
	Restarts int64
}

func engineFile(dataDir string) string { return filepath.Join(dataDir, "engine.json") }

// dropNote forgets the process of a server that was killed.
func dropNote(dataDir string) error {
	if err := os.Remove(engineFile(dataDir)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (e *isolated) note(s supervise.State) {
	text, err := json.Marshal(engineNote{s.PID, s.Restarts})
	if err == nil {
		err = os.WriteFile(e.file, text, 0o600)
	}
	if err != nil {
		e.log.Warn("the state of the engine's process is not kept for doctor", zap.Error(err))
	}
}

// isolation tells where the engine of this install runs, and how its process does, which the server that runs
// has written down.
func isolation(cfg Config) (where string, note engineNote) {
	where = cfg.Engine.Isolation
	if where != isolationProcess || !served(cfg.DataDir) {
		return where, note
	}
	text, err := os.ReadFile(engineFile(cfg.DataDir))
	if err != nil || json.Unmarshal(text, &note) != nil { // there is none before the first model, or it is being written
		return where, engineNote{}
	}
	return where, note
}

func checkIsolation(where string, n engineNote) Check {
	c := Check{Name: "engine process"}
	switch {
	case where != isolationProcess:
		c.Detail = "models run in the server's process (engine.isolation: none): an abort in native code ends the server"
	case n.PID == 0 && n.Restarts == 0:
		c.Detail = "models run in a process of its own, which starts when the first one is needed"
	case n.PID == 0:
		c.Warning = fmt.Sprintf("the engine's process has ended and is being started again, after %d restarts; the log tells how it ended", n.Restarts)
	default:
		c.Detail = fmt.Sprintf("models run in a process of its own: %d, restarts so far: %d", n.PID, n.Restarts)
	}
	return c
}

// ServeEngine is the engine's process: it runs models for the server that has started it, until that goes.
func ServeEngine(task string) error {
	conn := supervise.Pipes()
	var t engineTask
	if err := json.Unmarshal([]byte(task), &t); err != nil {
		return fmt.Errorf("read the task: %w", err)
	}
	log := telemetry.NewLogger(telemetry.Config{Level: t.LogLevel, Format: "json"}, os.Stderr)
	kept := shelf.New("", t.Run.Keep, nil, log)
	runtime, err := llama.Open(t.Run, kept, log.Named("llama"))
	if err != nil {
		return worker.Refuse(conn, err)
	}
	// It ends with its server, and by no signal that a terminal or an init system sends to all.
	return worker.Serve(context.Background(), conn, keeper{runtime, kept}, t.Build, log)
}

// keeper loads models that leave on the shelf what they computed.
type keeper struct {
	serving.Loader
	kept *shelf.Shelf
}

// Forget implements worker.Forgetter.
func (k keeper) Forget(tenant string) error { return k.kept.Forget(tenant) }

// forgetWait bounds how long the deletion of a tenant waits for an engine that does not listen.
const forgetWait = 5 * time.Second

// forget drops what was computed for a tenant, wherever it is kept.
func (p *Parts) forget(ctx context.Context, tenant string) error {
	err := p.Computed.Forget(tenant)
	if e, ok := p.engine.(*isolated); ok {
		ctx, cancel := context.WithTimeout(ctx, forgetWait)
		defer cancel()
		err = errors.Join(err, e.Forget(ctx, tenant))
	}
	return err
}
