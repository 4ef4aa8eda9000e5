package secrets

import (
	"fmt"
	"path/filepath"
)

// FileName is the master key's default file in the data folder.
const FileName = "master.key"

// Config says where the master key is. The text of a key is 32 bytes in base64. Several may be given,
// apart by commas or line ends: the first one wraps, the others still open, and at the next start what
// they wrapped is wrapped anew with the first.
type Config struct {
	// Key is the master key itself, usually from PARLEY_MASTER_KEY. It wins over File.
	Key Secret `mapstructure:"key"`
	// File holds the master key. Empty means master.key in the data folder, which the first start makes.
	File string `mapstructure:"file"`
}

// DefaultConfig is a file in the data folder.
func DefaultConfig() Config { return Config{} }

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	if c.Key == "" {
		return nil
	}
	if _, err := parseMasters(c.Key.Reveal()); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	return nil
}

// In returns the settings with File filled in for this data folder.
func (c Config) In(dataDir string) Config {
	if c.File == "" {
		c.File = filepath.Join(dataDir, FileName)
	}
	return c
}
