package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/edge/accountapi"
	"github.com/parley-chat/parley/internal/edge/adminapi"
	"github.com/parley-chat/parley/internal/edge/chatapi"
	"github.com/parley-chat/parley/internal/edge/guardapi"
	"github.com/parley-chat/parley/internal/edge/knowledgeapi"
	"github.com/parley-chat/parley/internal/edge/openaiapi"
	"github.com/parley-chat/parley/internal/edge/promptapi"
	"github.com/parley-chat/parley/internal/edge/shareapi"
	"github.com/parley-chat/parley/internal/edge/systemapi"
	"github.com/parley-chat/parley/internal/guardrails"
	"github.com/parley-chat/parley/internal/idempotency"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/prompts"
	"github.com/parley-chat/parley/internal/retrieval/index"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/defaults"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/telemetry"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/usage"
	"github.com/parley-chat/parley/web"
)

// Parts is who there is. The commands of the shell open as many of them as they need; the server has
// them all.
type Parts struct {
	Config Config
	Log    *zap.Logger
	DB     *store.DB
	Models *catalogue.Catalogue

	Keys          *secrets.Keyring // after OpenKeys
	Accounts      *tenancy.Service
	Conversations *conversation.Store
	Shares        *sharing.Store
	Prompts       *prompts.Store
	Usage         *usage.Book
	Once          *idempotency.Keys
	Computed      *shelf.Shelf
	Library       *knowledge.Library
	Indexes       *index.Indexes

	Registry     *prometheus.Registry // after Build
	Serving      *serving.Service
	Defaults     *defaults.Defaults
	Downloads    *catalogue.Downloads
	Orchestrator *orchestrator.Orchestrator
	Searcher     *search.Searcher
	Turns        *orchestrator.Turns
	engine       serving.Loader

	started   time.Time
	integrity integrity
}

// Open opens the database, whatever its schema's version, and the catalogue.
func Open(ctx context.Context, cfg Config, log *zap.Logger) (*Parts, error) {
	p := &Parts{Config: cfg, Log: log, started: time.Now()}
	var err error
	if p.Models, err = catalogue.Open(cfg.Models, cfg.Engine.Libraries, cfg.DataDir, configs.FS); err != nil {
		return nil, err
	}
	if p.DB, err = store.Open(ctx, cfg.Database, cfg.DataDir); err != nil {
		return nil, err
	}
	return p, nil
}

// SnapshotDir holds the snapshots taken before upgrades.
func (p *Parts) SnapshotDir() string { return filepath.Join(p.Config.DataDir, backup.SnapshotDir) }

// OpenInstall is OpenKeys for a command of the shell. It makes the schema of an empty database, and
// refuses one of another version: upgrading is the server's to do, with its snapshot.
func (p *Parts) OpenInstall(ctx context.Context) error {
	have, newest, err := p.DB.Version(ctx)
	switch {
	case err != nil:
		return err
	case have == 0:
		err = p.DB.Migrate(ctx)
	case have != newest:
		err = fmt.Errorf("the database has schema %d and this parley needs %d: start the server once (parley serve), which upgrades it after a snapshot", have, newest)
	}
	if err != nil {
		return err
	}
	return p.OpenKeys(ctx)
}

// OpenKeys opens the master key and makes the features that keep a tenant's data. The schema must be
// up to date.
func (p *Parts) OpenKeys(ctx context.Context) error {
	var err error
	if p.Keys, err = secrets.Open(ctx, p.DB, p.Config.Master.In(p.Config.DataDir), p.Log.Named("secrets")); err != nil {
		return err
	}
	p.Conversations = conversation.New(p.DB, p.Keys, p.Config.Conversations)
	p.Usage = usage.New(p.DB, p.Config.Usage)
	p.Once = idempotency.New(p.DB, p.Keys)
	p.Accounts = tenancy.New(p.DB, p.Keys, p.Config.Accounts, p.Log)
	p.Shares = sharing.New(p.DB, p.Keys, p.Config.Sharing, branches{p.Conversations}, people{p.Accounts}, redact)
	p.Prompts = prompts.NewStore(p.DB, p.Keys, people{p.Accounts})
	p.Computed = shelf.New(filepath.Join(p.Config.DataDir, "computed"), p.Config.Engine.Run.Keep, p.Keys, p.Log.Named("shelf"))
	p.Library = knowledge.New(p.DB, p.Keys, p.Config.Knowledge, p.Log.Named("knowledge"))
	p.Indexes = index.New(p.IndexDir(), p.Library, p.Log.Named("index"))
	p.Accounts.OnDelete(p.Library.DeleteAll)
	p.Accounts.OnDelete(p.Shares.DeleteAll)
	p.Accounts.OnDelete(p.Prompts.DeleteAll)
	p.Accounts.OnDelete(p.Conversations.DeleteAll)
	p.Accounts.OnDelete(p.Once.DeleteAll)
	p.Accounts.OnDelete(p.Usage.Forget)
	p.Accounts.OnDelete(func(ctx context.Context, _ *store.Tx, sc chat.Scope) error { return p.forget(ctx, sc.Tenant) })
	p.Accounts.OnShred(func(ctx context.Context, tenant string) (int, error) {
		if err := p.Indexes.Forget(tenant); err != nil {
			return 0, err
		}
		return backup.Shred(ctx, p.SnapshotDir(), tenant)
	})
	return nil
}

// Build makes the parts that answer, with models run by engine.
func (p *Parts) Build(engine serving.Loader) {
	p.Registry, p.engine = telemetry.NewRegistry(), engine
	p.Serving = serving.New(p.Config.Serving, p.Models, engine, serving.NewMetrics(p.Registry), p.Log.Named("serving"))
	if e, ok := engine.(*isolated); ok {
		e.watch(p.Registry)
	}
	p.Defaults = defaults.New(p.DB, p.Serving)
	p.Downloads = catalogue.NewDownloads(p.Models, p.Log.Named("downloads"))
	p.Orchestrator = orchestrator.New(p.Serving, p.Usage, orchestrator.NewMetrics(p.Registry), p.Log.Named("turn"))
	p.Searcher = search.New(p.Library, p.Indexes, vectors{p.Orchestrator, p.Models}, p.Config.Search)
	p.Turns = orchestrator.NewTurns(p.Orchestrator, p.Conversations, p.Searcher, p.Log.Named("turn"))
}

func (p *Parts) newServer(version string) *edge.Server {
	var server *edge.Server
	cfg := p.Config.Server
	routes := openaiapi.Routes(p.Orchestrator, p.Defaults, p.Serving, p.Usage, version)
	routes = append(routes, chatapi.Routes(p.Turns, p.Conversations, p.Defaults, cfg, p.Log.Named("chat"))...)
	routes = append(routes, shareapi.Routes(p.Shares)...)
	routes = append(routes, promptapi.Routes(p.Prompts)...)
	routes = append(routes, knowledgeapi.Routes(p.Library, p.Searcher, int64(p.Config.Knowledge.MaxFileMB)<<20)...)
	routes = append(routes, guardapi.Routes(guardrails.New(guardrails.Data{}, guardrails.Hidden{}), p.Log.Named("guard"))...)
	routes = append(routes, accountapi.Routes(accountapi.Parts{
		Accounts: p.Accounts, Conversations: p.Conversations, Shares: p.Shares, Prompts: p.Prompts, Usage: p.Usage, Server: cfg, Version: version,
	})...)
	routes = append(routes, adminapi.Routes(p.Accounts, p.Usage)...)
	routes = append(routes, adminapi.ModelRoutes(p.Downloads, p.Serving, p.Defaults)...)
	routes = append(routes, adminapi.HealthRoutes(func(ctx context.Context) (adminapi.HealthReport, error) { return p.health(ctx, version) })...)
	routes = append(routes, systemapi.Routes(systemapi.Parts{
		Version: version, Ready: p.DB.Ping, Models: p.Defaults, Metrics: p.Registry, MetricsToken: cfg.MetricsToken,
		Routes: func() []edge.Route { return server.Routes() },
	})...)
	page := edge.Page(web.FS())
	server = edge.New(cfg, p.Accounts, p.Once, edge.NewMetrics(p.Registry), p.Log.Named("http"), page, routes)
	return server
}

// Close ends a download, frees the models, waits for the last records and closes the database.
func (p *Parts) Close(ctx context.Context) error {
	var errs []error
	if p.Downloads != nil {
		errs = append(errs, p.Downloads.Stop(ctx))
	}
	if p.Serving != nil {
		errs = append(errs, p.Serving.Close(ctx))
	}
	if p.Orchestrator != nil {
		p.Orchestrator.Close()
	}
	if e, ok := p.engine.(*isolated); ok {
		errs = append(errs, e.Close(ctx))
	}
	if p.Computed != nil {
		p.Computed.Close()
	}
	if p.Indexes != nil {
		errs = append(errs, p.Indexes.Close())
	}
	return errors.Join(append(errs, p.DB.Close())...)
}
