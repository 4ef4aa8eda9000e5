package catalogue

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
)

const modelExt = ".gguf"

// maxHandContext bounds the conversation with a model that a person put into the folder: many are
// trained for so long a context that its cache alone would not fit the machine.
const maxHandContext = 8192

// Catalogue is the table of models and engines together with what is on disk. It is safe for many
// goroutines, and for several processes on one folder.
type Catalogue struct {
	cfg     Config
	engine  EngineConfig
	models  string // folder
	engines string // folder
	table   table
	builds  []Build
	hub     *hub
	run     runner
	free    func(dir string) (int64, error)

	mu   sync.Mutex
	seen map[string]inspected // by path

	holding sync.Mutex
	pulling string     // the model that this process installs while it holds the folder's lock, or ""
	writing sync.Mutex // of the manifest, among those of this process that may
}

// inspected is what Inspect said of a file, kept as long as the file does not change.
type inspected struct {
	size    int64
	modTime time.Time
	summary gguf.Summary
	err     error
}

var _ serving.Catalogue = (*Catalogue)(nil)

// Open reads the tables from the files models.yaml and engines.yaml of the given file system. dataDir is
// where folders lie that the settings do not name. It creates nothing.
func Open(cfg Config, engine EngineConfig, dataDir string, tables fs.FS) (*Catalogue, error) {
	c := &Catalogue{
		cfg: cfg, engine: engine, hub: newHub(cfg), run: runChild, free: freeSpace, seen: map[string]inspected{},
		models:  cmp.Or(cfg.Dir, filepath.Join(dataDir, "models")),
		engines: cmp.Or(engine.Dir, filepath.Join(dataDir, "engine")),
	}
	var err error
	if c.table, err = readTable(tables); err != nil {
		return nil, err
	}
	if c.builds, err = readBuilds(tables); err != nil {
		return nil, err
	}
	// An absolute path goes into messages and to children that run elsewhere.
	if c.models, err = filepath.Abs(c.models); err != nil {
		return nil, err
	}
	c.engines, err = filepath.Abs(c.engines)
	return c, err
}

// Entries lists what can be installed, in the order of the table.
func (c *Catalogue) Entries() []Entry { return slices.Clone(c.table.Models) }

// ModelsDir is the folder of the model files.
func (c *Catalogue) ModelsDir() string { return c.models }

// State says how it stands with a model.
type State string

// The states.
const (
	StateInstalled State = "installed" // as it was checked when it was installed
	StateByHand    State = "by hand"   // put into the folder, or changed, by somebody
	StateDamaged   State = "damaged"   // there, but not usable; Item.Problem says why
	StateAvailable State = "available" // can be pulled
)

// Item is a model of the table or of the folder.
type Item struct {
	Entry // for a model that is not in the table: ID, Name, Kind, Context and Size
	State State
	Path  string // the file that serves; "" when it is not on disk
	// Projector is the file by which it sees, "" for a model that reads text only.
	Projector string
	Problem   string // why it is damaged
	Default   bool   // used where a request names no model of its kind
	Part      int64  // bytes that an unfinished download has left for the next one
	Whole     int64  // bytes of the file that Part is of

	// Original is the file that was installed. Path, Size and Quantization are those of another where Tuned says
	// that one made of it is used.
	Original string
	Tuned    *Tuned // nil when nothing was compared, or not this file

	Adapter *Adapter // nil for a model that stands alone

	created   int64
	installed int64          // bytes of Original
	base      *serving.Model // of an adapter that can be used
}

// Memory is about how many bytes a conversation with it takes; 0 if not known.
func (i Item) Memory() int64 {
	if expected := i.Entry.Memory(); expected > 0 && i.installed > 0 {
		return max(expected+i.Size-i.installed, i.Size)
	}
	return i.Entry.Memory()
}

// installedType is the type of Original.
func (i Item) installedType() string {
	if i.Tuned != nil {
		return i.Tuned.From
	}
	return i.Quantization
}

// Usable tells whether it can be served.
func (i Item) Usable() bool { return i.State == StateInstalled || i.State == StateByHand }

func (i Item) model() serving.Model {
	m := serving.Model{
		ID: i.ID, Kind: i.Kind, Path: i.Path, Projector: i.Projector, Context: i.Context, Created: i.created,
		About: serving.About{
			Name: i.Name, Description: i.Description, License: i.License, Size: i.Size,
			Parameters: i.Parameters, Quantization: i.Quantization, Memory: i.Memory(),
		},
	}
	if i.Adapter != nil {
		m.Base, m.Scale, m.Tenants = i.base, i.Adapter.Scale, i.Adapter.Tenants
	}
	return m
}

// List returns every model of the table and of the folder: first those of the table in its order, then
// the others by name.
func (c *Catalogue) List() ([]Item, error) {
	found, err := c.scan()
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(c.table.Models)+len(found))
	for _, e := range c.table.Models {
		item, ok := found[e.ID]
		if !ok {
			item = Item{Entry: e, State: StateAvailable, Part: c.part(e.ID)}
			if item.Part > 0 {
				item.Whole = c.whole(e)
			}
		}
		items = append(items, item)
		delete(found, e.ID)
	}
	rest := make([]Item, 0, len(found))
	for _, item := range found {
		rest = append(rest, item)
	}
	slices.SortFunc(rest, func(a, b Item) int { return strings.Compare(a.ID, b.ID) })
	items = append(items, rest...)
	for _, kind := range []serving.Kind{serving.KindChat, serving.KindEmbed, serving.KindRerank} {
		if i := c.choose(items, kind); i >= 0 {
			items[i].Default = true
		}
	}
	return items, nil
}

// item returns one model of the table or of the folder, or fault.NotFound.
func (c *Catalogue) item(id string) (Item, error) {
	items, err := c.List()
	if err != nil {
		return Item{}, err
	}
	for _, i := range items {
		if i.ID == id {
			return i, nil
		}
	}
	return Item{}, fault.NotFound("there is no model %q, neither in the catalogue nor in the models folder", id).OfKind("model_not_found")
}

// part is how much there is of an unfinished download.
func (c *Catalogue) part(id string) int64 {
	info, err := os.Stat(c.partFile(id))
	if err != nil {
		return 0
	}
	return info.Size()
}

// whole is the size of the file that an unfinished download is a part of: as the hub told it, else as the table has it.
func (c *Catalogue) whole(e Entry) int64 {
	var note partNote
	if err := readJSONFile(c.partFile(e.ID)+".json", &note); err != nil || note.Size == 0 {
		return e.Bytes()
	}
	return note.Size
}

func (c *Catalogue) partFile(id string) string { return filepath.Join(c.models, id+modelExt+partExt) }

// choose returns the index of the default model of a kind, or -1. An adapter is none: it may not be there for all.
func (c *Catalogue) choose(items []Item, kind serving.Kind) int {
	usable := func(id string) int {
		return slices.IndexFunc(items, func(i Item) bool {
			return i.Kind == kind && i.Usable() && i.Adapter == nil && (id == "" || i.ID == id)
		})
	}
	if wanted := c.configured(kind); wanted != "" {
		return usable(wanted)
	}
	if i := usable(c.table.fallback(kind)); i >= 0 {
		return i
	}
	return usable("")
}

func (c *Catalogue) configured(kind serving.Kind) string {
	switch kind {
	case serving.KindChat:
		return c.cfg.Chat
	case serving.KindEmbed:
		return c.cfg.Embed
	}
	return ""
}

// Installed lists the models that can be served, those of the table first.
func (c *Catalogue) Installed() ([]serving.Model, error) {
	items, err := c.List()
	if err != nil {
		return nil, err
	}
	models := make([]serving.Model, 0, len(items))
	for _, i := range items {
		if i.Usable() {
			models = append(models, i.model())
		}
	}
	return models, nil
}

// Default is the model used where a request names none: the configured one, else the table's default if
// it is installed, else the first installed of the kind. It is false when there is none, and
// fault.Unavailable when the settings name one that is not installed.
func (c *Catalogue) Default(kind serving.Kind) (serving.Model, bool, error) {
	items, err := c.List()
	if err != nil {
		return serving.Model{}, false, err
	}
	if i := c.choose(items, kind); i >= 0 {
		return items[i].model(), true, nil
	}
	if wanted := c.configured(kind); wanted != "" {
		return serving.Model{}, false, fault.Unavailable(
			"the configured %s model %q is not installed; an operator can add it with: parley model pull %s", kind, wanted, wanted).OfKind("no_model")
	}
	return serving.Model{}, false, nil
}

// scan looks at the models folder.
func (c *Catalogue) scan() (map[string]Item, error) {
	files, err := os.ReadDir(c.models)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Item{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read models folder: %w", err)
	}
	known, err := c.readManifest()
	if err != nil {
		return nil, err
	}
	found := map[string]Item{}
	for _, f := range files {
		id, isModel := strings.CutSuffix(f.Name(), modelExt)
		if !isModel || strings.HasPrefix(id, ".") || strings.HasPrefix(id, serving.ProjectorPrefix) {
			continue
		}
		path := filepath.Join(c.models, f.Name())
		info, err := os.Stat(path) // follows a link: a models folder may be one of links
		if errors.Is(err, fs.ErrNotExist) && f.Type()&fs.ModeSymlink == 0 {
			continue // removed just now
		}
		found[id] = c.describe(id, path, info, err, known.Models[id])
	}
	for id, item := range found {
		if known.Models[id].Adapter != nil {
			found[id] = c.describeAdapter(id, item.Original, known.Models[id], found)
		}
	}
	return found, nil
}

// describe makes the item of one file.
func (c *Catalogue) describe(id, path string, info fs.FileInfo, err error, known record) Item {
	item := Item{Path: path, Original: path, State: StateByHand}
	entry, listed := c.table.find(id)
	if item.Entry = entry; !listed {
		item.Entry = Entry{ID: id, Name: id, License: "unknown"}
	}
	var summary gguf.Summary
	if err == nil {
		summary, err = c.inspect(path, info)
	}
	if err == nil && !validID(id) {
		err = fmt.Errorf("the file name %q is no model id; rename it to letters, digits, dots and dashes", id+modelExt)
	}
	if err != nil {
		item.State, item.Problem = StateDamaged, err.Error()
		return item
	}
	item.Size, item.installed, item.created = info.Size(), info.Size(), info.ModTime().Unix()
	item.Parameters, item.Quantization = summary.Parameters, summary.Quantization
	if listed && known.matches(info) {
		item.State, item.created = StateInstalled, known.Installed.Unix()
	}
	if !listed || kindOf(summary) != entry.Kind {
		item.Name, item.Kind = cmp.Or(summary.Name, id), kindOf(summary)
		item.Context = int(min(summary.Context, maxHandContext))
	}
	if projector := filepath.Join(c.models, serving.ProjectorFile(id)); item.Kind == serving.KindChat && regular(projector) {
		item.Projector = projector
	}
	c.tune(&item, known, info)
	return item
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func kindOf(s gguf.Summary) serving.Kind {
	switch {
	case s.Embeds:
		return serving.KindEmbed
	case s.Ranks:
		return serving.KindRerank
	}
	return serving.KindChat
}

// inspect reads a header once for each version of a file.
func (c *Catalogue) inspect(path string, info fs.FileInfo) (gguf.Summary, error) {
	c.mu.Lock()
	known, ok := c.seen[path]
	c.mu.Unlock()
	if ok && known.size == info.Size() && known.modTime.Equal(info.ModTime()) {
		return known.summary, known.err
	}
	summary, err := gguf.Inspect(path)
	if err != nil && gguf.IsAdapter(path) {
		err = errors.New("it is an adapter; say of which model with: parley model add FILE --base ID")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[path] = inspected{info.Size(), info.ModTime(), summary, err}
	return summary, err
}
