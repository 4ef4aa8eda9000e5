package text

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// Passage is what can be found.
type Passage struct {
	ID    uint64
	Class uint32 // of rights
	Lang  string // BCP 47, "" unknown
	Text  string
}

// Index is that of one owner, in a folder. It is safe for many goroutines.
type Index struct {
	bleve bleve.Index

	mu      sync.RWMutex
	lengths map[string]length // by field
}

// length sums up all passages that a field has ever had: what is deleted does not tell how long it was, and the average is
// about the same without it.
type length struct{ Passages, Words float64 }

// settings of bleve, which keeps the map and writes the folder into it: each index needs its own. Without a limit a
// second process waits for ever for the folder.
func settings() map[string]any { return map[string]any{"bolt_timeout": "1s"} }

// Open opens the index in a folder, or makes one. fault.Unavailable says that another process has it open, or that it is
// damaged.
func Open(dir string) (*Index, error) {
	if err := sound(dir); err != nil {
		return nil, fault.Unavailable("the index of words is damaged").Because(fmt.Errorf("open %s: %w", dir, err))
	}
	b, err := bleve.OpenUsing(dir, settings())
	if errors.Is(err, bleve.ErrorIndexPathDoesNotExist) {
		b, err = bleve.NewUsing(dir, mapped(), bleve.Config.DefaultIndexType, bleve.Config.DefaultKVStore, settings())
	}
	if err != nil {
		return nil, fault.Unavailable("the index of words cannot be opened").Because(fmt.Errorf("open %s: %w", dir, err))
	}
	x := &Index{bleve: b, lengths: map[string]length{}}
	raw, err := b.GetInternal(lengthsKey)
	if err == nil && raw != nil {
		err = json.Unmarshal(raw, &x.lengths)
	}
	if n, _ := b.DocCount(); err == nil && raw == nil && n > 0 {
		err = errors.New("it is of an older release")
	}
	if err != nil {
		return nil, fault.Unavailable("the index of words cannot be used").Because(errors.Join(err, b.Close()))
	}
	return x, nil
}

// Close writes what is still to be written and gives the folder free.
func (x *Index) Close() error { return x.bleve.Close() }

// Len counts the passages.
func (x *Index) Len() (uint64, error) { return x.bleve.DocCount() }

// Change puts passages, in place of those with the same ids, and deletes others, all of it or nothing, and notes how far
// the caller's log is then done. It is on the disk when it returns.
func (x *Index) Change(put []Passage, deleted []uint64, done uint64) error {
	batch := x.bleve.NewBatch()
	x.mu.Lock()
	defer x.mu.Unlock()
	lengths := maps.Clone(x.lengths)
	for _, p := range put {
		l := lengths[field(p.Lang)]
		l.Passages++
		l.Words += float64(len(analyze(x.bleve.Mapping(), field(p.Lang), p.Text)))
		lengths[field(p.Lang)] = l
		if err := batch.Index(name(p.ID), map[string]any{field(p.Lang): p.Text, classField: class(p.Class)}); err != nil {
			return fmt.Errorf("index passage %d: %w", p.ID, err)
		}
	}
	for _, id := range deleted {
		batch.Delete(name(id))
	}
	batch.SetInternal(doneKey, binary.BigEndian.AppendUint64(nil, done))
	raw, err := json.Marshal(lengths)
	if err != nil {
		return err
	}
	batch.SetInternal(lengthsKey, raw)
	if err := x.bleve.Batch(batch); err != nil {
		return err
	}
	x.lengths = lengths
	return nil
}

var doneKey, lengthsKey = []byte("done"), []byte("lengths")

// Done is what the last Change noted, 0 before the first.
func (x *Index) Done() (uint64, error) {
	raw, err := x.bleve.GetInternal(doneKey)
	if err != nil || len(raw) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(raw), nil
}

// Search returns the k passages of these classes that match best, the best first. Any word of the question may match. Scores
// are BM25's: above 0, and comparable within one answer only.
func (x *Index) Search(ctx context.Context, question string, classes []uint32, k int) ([]retrieval.Hit, error) {
	if strings.TrimSpace(question) == "" || len(classes) == 0 || k <= 0 {
		return nil, nil
	}
	fields, err := x.fields()
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, nil
	}
	asked := words{question: question, fields: fields, average: map[string]float64{}}
	x.mu.RLock()
	for f, l := range x.lengths {
		asked.average[f] = l.Words / l.Passages
	}
	x.mu.RUnlock()
	request := bleve.NewSearchRequestOptions(bleve.NewConjunctionQuery(asked, within(classes)), k, 0, false)
	found, err := x.bleve.SearchInContext(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	hits := make([]retrieval.Hit, 0, len(found.Hits))
	for _, h := range found.Hits {
		id, err := strconv.ParseUint(h.ID, 36, 64)
		if err != nil {
			return nil, fmt.Errorf("passage %q: %w", h.ID, err)
		}
		hits = append(hits, retrieval.Hit{ID: id, Score: h.Score})
	}
	return hits, nil
}

// within keeps to classes of rights, and adds nothing to a score.
func within(classes []uint32) query.Query {
	list := make([]query.Query, 0, len(classes))
	for _, c := range classes {
		q := bleve.NewTermQuery(class(c))
		q.SetField(classField)
		q.SetBoost(0)
		list = append(list, q)
	}
	all := bleve.NewDisjunctionQuery(list...)
	all.SetBoost(0)
	return all
}

// fields are those of the languages that the index has.
func (x *Index) fields() (list []string, err error) {
	all, err := x.bleve.Fields()
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	for _, f := range all {
		if strings.HasPrefix(f, textField) {
			list = append(list, f)
		}
	}
	return list, nil
}

func name(id uint64) string { return strconv.FormatUint(id, 36) }

func class(c uint32) string { return strconv.FormatUint(uint64(c), 36) }
