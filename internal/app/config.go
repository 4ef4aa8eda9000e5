package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/telemetry"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/usage"
)

// Config gathers the settings of all parts. Every key can come from the environment: PARLEY_ and the
// path in capitals, dots as underscores. The zero file starts a working single node.
type Config struct {
	// DataDir holds everything that is kept: database, master key, models, engine, snapshots.
	DataDir       string              `mapstructure:"data_dir"`
	Server        edge.Config         `mapstructure:",squash"`
	Accounts      tenancy.Config      `mapstructure:",squash"`
	Database      store.Config        `mapstructure:"database"`
	Master        secrets.Config      `mapstructure:"master"`
	Models        catalogue.Config    `mapstructure:"models"`
	Engine        Engine              `mapstructure:"engine"`
	Serving       serving.Config      `mapstructure:"serving"`
	Conversations conversation.Config `mapstructure:"conversations"`
	Sharing       sharing.Config      `mapstructure:"sharing"`
	Knowledge     knowledge.Config    `mapstructure:"knowledge"`
	Search        search.Config       `mapstructure:"search"`
	Usage         usage.Config        `mapstructure:"usage"`
	Log           telemetry.Config    `mapstructure:"log"`
}

// Engine is the embedded engine: where its libraries lie, and how and where it runs.
type Engine struct {
	Libraries catalogue.EngineConfig `mapstructure:",squash"`
	Run       llama.Config           `mapstructure:",squash"`
	// Isolation is "none", which runs models in the server's process, or "process", which runs them in a
	// supervised one of their own.
	Isolation string `mapstructure:"isolation"`
	// HungAfter is how long such a process may give no sign of an answer that is asked for, before it is killed and
	// started again. A single step of a long prompt must be shorter.
	HungAfter time.Duration `mapstructure:"hung_after"`
}

// Validate reports everything that is wrong with the settings.
func (e Engine) Validate() error {
	if e.HungAfter < time.Second {
		return errors.Join(errors.New("hung_after: must be a time of at least 1s, such as 10m"), e.Run.Validate())
	}
	if e.Isolation != isolationNone && e.Isolation != isolationProcess {
		return errors.Join(fmt.Errorf("isolation: %q is neither %s nor %s", e.Isolation, isolationNone, isolationProcess), e.Run.Validate())
	}
	return e.Run.Validate()
}

// DefaultConfig is a single node on this machine, with everything in the folder "data".
func DefaultConfig() Config {
	return Config{
		DataDir:       "data",
		Server:        edge.DefaultConfig(),
		Accounts:      tenancy.DefaultConfig(),
		Database:      store.DefaultConfig(),
		Master:        secrets.DefaultConfig(),
		Models:        catalogue.DefaultConfig(),
		Engine:        Engine{catalogue.DefaultEngineConfig(), llama.DefaultConfig(), isolationNone, 10 * time.Minute},
		Serving:       serving.DefaultConfig(),
		Conversations: conversation.DefaultConfig(),
		Sharing:       sharing.DefaultConfig(),
		Knowledge:     knowledge.DefaultConfig(),
		Search:        search.DefaultConfig(),
		Usage:         usage.DefaultConfig(),
		Log:           telemetry.DefaultConfig(),
	}
}

// FileVariable names the configuration file in the environment. It is the command line's, and no setting.
const FileVariable = config.Prefix + "CONFIG"

// LoadConfig reads the file (none when "") and the environment over the defaults, and checks the whole.
// The warnings name what is legal and risky.
func LoadConfig(file string, environ []string) (Config, []string, error) {
	cfg := DefaultConfig()
	warnings, err := config.Load(&cfg, file, slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		return strings.HasPrefix(kv, FileVariable+"=")
	}))
	if err != nil {
		return cfg, warnings, err
	}
	if cfg.DataDir, err = filepath.Abs(cfg.DataDir); err != nil {
		return cfg, warnings, err
	}
	cfg.Models = cfg.Models.WithEnvironment(lookup(environ))
	warnings = append(warnings, cfg.Server.Warnings()...)
	warnings = append(warnings, cfg.Accounts.Warnings()...)
	warnings = append(warnings, cfg.Sharing.Warnings()...)
	return cfg, warnings, cfg.Validate()
}

// Validate reports every fault of every part, with its key.
func (c Config) Validate() error {
	var errs []error
	for _, part := range []struct {
		key string
		err error
	}{
		{"", c.Server.Validate()},
		{"", c.Accounts.Validate()},
		{"database", c.Database.Validate()},
		{"master", c.Master.Validate()},
		{"models", c.Models.Validate()},
		{"engine", c.Engine.Validate()},
		{"serving", c.Serving.Validate()},
		{"conversations", c.Conversations.Validate()},
		{"knowledge", c.Knowledge.Validate()},
		{"search", c.Search.Validate()},
		{"usage", c.Usage.Validate()},
		{"log", c.Log.Validate()},
	} {
		for _, err := range split(part.err) {
			if part.key != "" {
				err = fmt.Errorf("%s.%w", part.key, err)
			}
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	return nil
}

// split takes joined errors apart, so that each can be given its key.
func split(err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

func lookup(environ []string) func(string) string {
	return func(name string) string {
		for _, kv := range environ {
			if len(kv) > len(name) && kv[:len(name)] == name && kv[len(name)] == '=' {
				return kv[len(name)+1:]
			}
		}
		return ""
	}
}
