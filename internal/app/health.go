package app

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/edge/adminapi"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/catalogue"
)

// health reports how the running server does.
func (p *Parts) health(ctx context.Context, version string) (adminapi.HealthReport, error) {
	r := adminapi.HealthReport{
		Version: version, StartedAt: p.started.UTC().Truncate(time.Second), UptimeS: int64(time.Since(p.started).Seconds()),
		Process:  adminapi.ProcessHealth{Goroutines: runtime.NumGoroutine(), CPUCores: runtime.NumCPU()},
		Database: adminapi.DatabaseHealth{Kind: string(p.DB.Dialect)},
		Models:   []adminapi.LoadedModel{},
	}
	for _, c := range p.checks(ctx) {
		r.Checks = append(r.Checks, c.told())
	}
	r.Process.RSSBytes, r.Process.OpenFiles = processSize()
	r.Memory.TotalBytes, r.Memory.AvailableBytes = machineMemory()
	var err error
	if r.Disk.FreeBytes, r.Disk.TotalBytes, err = catalogue.Space(p.Config.DataDir); err != nil {
		return r, err
	}
	// A database that does not answer is told by its check.
	r.Database.SizeBytes, _ = p.DB.Size(ctx)
	r.Database.SchemaVersion, _, _ = p.DB.Version(ctx)
	engine, err := p.Models.Engine(ctx)
	if err == nil {
		err = p.engineProblem()
	}
	r.Engine = adminapi.EngineHealth{Ready: err == nil, Path: engine.Path, Version: engine.Version}
	if err != nil {
		r.Engine.Error = known(err)
	}
	where, note := isolation(p.Config)
	r.Engine.Isolation, r.Engine.PID, r.Engine.Restarts = where, note.PID, note.Restarts
	r.Queue.Waiting, r.Queue.Running = p.Serving.Waiting()
	loaded := p.Serving.Loaded()
	for _, id := range slices.Sorted(maps.Keys(loaded)) {
		info := loaded[id]
		r.Models = append(r.Models, adminapi.LoadedModel{ID: id, Bytes: info.MemoryBytes, Context: info.Context, Slots: info.Slots})
	}
	return r, nil
}

// told is what an administrator may read of a check from afar: no place of a key, and of an error only
// what is known to be safe.
func (c Check) told() adminapi.HealthCheck {
	out := adminapi.HealthCheck{Name: c.Name, State: "ok", Detail: c.Detail, Fix: c.Fix}
	switch {
	case c.Err != nil:
		out.State, out.Detail = "fail", known(c.Err)
	case c.Warning != "":
		out.State, out.Detail = "warn", c.Warning
	}
	return out
}

// known is the message of an error whose meaning is known. What else there is to say is for the shell.
func known(err error) string {
	if f := fault.From(err); f.Code != fault.CodeInternal {
		return f.Message
	}
	return "it failed; `parley doctor` on the server's machine tells more"
}
