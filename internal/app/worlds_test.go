package app_test

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/knowledge/extract"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/index"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

// angles gives each text a direction of its own.
type angles struct{}

func (angles) Embed(_ context.Context, _ chat.Scope, texts []string, _ bool) ([]retrieval.Embedded, string, error) {
	out := make([]retrieval.Embedded, len(texts))
	for i, t := range texts {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t))
		r := rand.New(rand.NewPCG(h.Sum64(), 0)) //nolint:gosec // a test's choice
		out[i].Vector = make([]float32, 8)
		for j := range out[i].Vector {
			out[i].Vector[j] = float32(r.NormFloat64())
		}
	}
	return out, "angles", nil
}

func (a angles) Windows(ctx context.Context, sc chat.Scope, texts []string) ([]knowledge.Embedded, string, error) {
	got, model, err := a.Embed(ctx, sc, texts, false)
	out := make([]knowledge.Embedded, len(got))
	for i, e := range got {
		out[i].Windows = [][]float32{e.Vector}
	}
	return out, model, err
}

// world is two tenants with people in groups, and their documents, as the test itself knows them.
type world struct {
	*knowledge.Library
	search  *search.Searcher
	r       *rand.Rand
	tenants []string
	users   []string
	groups  []string
	member  map[string][]string // the groups of a user, by tenant/user
	bases   map[string]*shelf   // by id
	said    int                 // numbers the texts
}

// shelf is a knowledge base.
type shelf struct {
	id, tenant, owner string
	grants            []knowledge.Grant
	texts             map[string]string // by file
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := testkit.Store(t)
	keys := tenancytest.Tenants(t, db, "t1", "t2")
	w := &world{Library: knowledge.New(db, keys, knowledge.DefaultConfig(), zap.NewNop()), r: rand.New(rand.NewPCG(3, 5)), //nolint:gosec // a test's choice
		tenants: []string{"t1", "t2"}, users: []string{"a", "b", "c", "d"}, groups: []string{"g", "h", "i"}, member: map[string][]string{}, bases: map[string]*shelf{}}
	indexes := index.New(t.TempDir(), w.Library, zap.NewNop())
	w.search = search.New(w.Library, indexes, angles{}, search.Config{Each: 100, TopK: 5, Meaning: 0.5})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Work(ctx, func(_ context.Context, _ string, data []byte) (extract.Document, error) {
			return extract.Document{Text: string(data)}, nil
		}, angles{})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := indexes.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// one is some base, nil where there is none.
func (w *world) one() *shelf {
	if len(w.bases) == 0 {
		return nil
	}
	return w.bases[pick(w.r, slices.Sorted(maps.Keys(w.bases)))]
}

func (w *world) scope(tenant, user string) chat.Scope {
	return chat.Scope{Tenant: tenant, User: user, Groups: w.member[tenant+"/"+user]}
}

func (w *world) someGrants() (list []knowledge.Grant) {
	access := func() knowledge.Access {
		return pick(w.r, []knowledge.Access{knowledge.Read, knowledge.Read, knowledge.Write, knowledge.Deny})
	}
	if w.r.IntN(5) == 0 {
		list = append(list, knowledge.Grant{Kind: knowledge.Everyone, Access: access()})
	}
	for _, u := range w.users {
		if w.r.IntN(4) == 0 {
			list = append(list, knowledge.Grant{Kind: knowledge.User, Subject: u, Access: access()})
		}
	}
	for _, g := range w.groups {
		if w.r.IntN(4) == 0 {
			list = append(list, knowledge.Grant{Kind: knowledge.Group, Subject: g, Access: access()})
		}
	}
	return list
}

// reads is the rule, said a second time: the owner, and whom a grant names and none denies.
func (w *world) reads(s *shelf, sc chat.Scope) bool {
	if s.tenant != sc.Tenant {
		return false
	}
	given, denied := false, false
	for _, g := range s.grants {
		if g.Kind == knowledge.Everyone || g.Kind == knowledge.User && g.Subject == sc.User || g.Kind == knowledge.Group && slices.Contains(sc.Groups, g.Subject) {
			given, denied = given || g.Access != knowledge.Deny, denied || g.Access == knowledge.Deny
		}
	}
	return s.owner == sc.User || given && !denied
}

// turn makes another world of this one.
func (w *world) turn(t *testing.T) {
	t.Helper()
	ctx, s := t.Context(), w.one()
	what := w.r.IntN(100)
	switch {
	case s == nil || what < 3 && len(w.bases) < 12:
		tenant, owner, grants := pick(w.r, w.tenants), pick(w.r, w.users), w.someGrants()
		b, err := w.Create(ctx, w.scope(tenant, owner), knowledge.NewBase{Name: "x", Grants: grants})
		if err != nil {
			t.Fatal(err)
		}
		w.bases[b.ID] = &shelf{b.ID, tenant, owner, grants, map[string]string{}}
	case what < 5 && len(w.bases) > 6:
		if err := w.Delete(ctx, w.scope(s.tenant, s.owner), s.id); err != nil {
			t.Fatal(err)
		}
		delete(w.bases, s.id)
	case what < 10 && len(s.texts) < 4:
		w.add(t, s)
	case what < 13 && len(s.texts) > 0:
		file := pick(w.r, slices.Sorted(maps.Keys(s.texts)))
		if err := w.DeleteFile(ctx, w.scope(s.tenant, s.owner), file); err != nil {
			t.Fatal(err)
		}
		delete(s.texts, file)
	case what < 50:
		key := pick(w.r, w.tenants) + "/" + pick(w.r, w.users)
		w.member[key] = nil
		for _, g := range w.groups {
			if w.r.IntN(2) == 0 {
				w.member[key] = append(w.member[key], g)
			}
		}
	default:
		grants := w.someGrants()
		if _, err := w.Update(ctx, w.scope(s.tenant, s.owner), s.id, knowledge.Patch{Grants: &grants}); err != nil {
			t.Fatal(err)
		}
		s.grants = grants
	}
}

func (w *world) add(t *testing.T, s *shelf) {
	t.Helper()
	ctx, sc := t.Context(), w.scope(s.tenant, s.owner)
	w.said++
	text := fmt.Sprintf("Harbour rule %d of %s is for ships.", w.said, s.id)
	f, err := w.AddFile(ctx, sc, "x.txt", "assistants", strings.NewReader(text))
	if err == nil {
		_, err = w.Add(ctx, sc, s.id, f.ID, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		d, err := w.Document(ctx, sc, s.id, f.ID)
		if err != nil || time.Now().After(end) {
			t.Fatalf("%+v %v", d, err)
		}
		if d.State == knowledge.Ready {
			break
		}
	}
	s.texts[f.ID] = text
}

// ask searches as somebody, and holds what is found against all that they may read, each looked at.
func (w *world) ask(t *testing.T) {
	t.Helper()
	ctx, sc := t.Context(), w.scope(pick(w.r, w.tenants), pick(w.r, w.users))
	q := search.Query{Text: "ships", TopK: 100}
	if s := w.one(); s != nil && w.r.IntN(3) == 0 {
		q.Bases = []string{s.id}
	}
	may, named := map[string]bool{}, true
	vectors, _, _ := angles{}.Embed(ctx, sc, []string{q.Text}, false)
	cosines := map[string]float64{}
	for _, s := range w.bases {
		reads := w.reads(s, sc)
		if len(q.Bases) > 0 && s.id != q.Bases[0] {
			continue
		}
		if len(q.Bases) > 0 {
			named = reads
		}
		for file, text := range s.texts {
			if reads {
				may[file] = true
				v, _, _ := angles{}.Embed(ctx, sc, []string{"\n" + text}, false)
				cosines[file] = cosine(vectors[0].Vector, v[0].Vector)
			}
		}
	}
	found, err := w.search.Search(ctx, sc, q)
	if !named {
		if !fault.Is(err, fault.CodeNotFound) {
			t.Fatalf("%v asks a base that they may not read: %v, %v", sc, found, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		if !may[p.File] {
			t.Fatalf("%v finds %q, which they may not read", sc, p.Text)
		}
		// Twelve bits a number, of which these vectors have few, give the cosine to within some ten-thousandths.
		if d := p.ByVector - cosines[p.File]; d > 1e-3 || d < -1e-3 {
			t.Fatalf("%q is as near as %v, and not %v", p.Text, cosines[p.File], p.ByVector)
		}
	}
	if len(found) != len(may) {
		t.Fatalf("%v finds %d of the %d passages that they may read", sc, len(found), len(may))
	}
	// The few best are those of all. (Scores of words may differ: what was deleted counts until bleve has merged it away.)
	q.TopK = 3
	few, err := w.search.Search(ctx, sc, q)
	if err != nil {
		t.Fatal(err)
	}
	byScore := func(a, b chat.Passage) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) }
	if !slices.IsSortedFunc(found, byScore) || !slices.EqualFunc(few, found[:min(3, len(found))], func(a, b chat.Passage) bool { return a.ID == b.ID }) {
		t.Fatalf("the best are %v, and of all %v", few, found)
	}
}

func cosine(a, b []float32) float64 {
	var product, aa, bb float64
	for i := range a {
		product += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return product / math.Sqrt(aa*bb)
}

// Whatever changes, who searches finds all that they may read and nothing else. PARLEY_TEST_WORLDS says how many worlds.
func TestRandomWorlds(t *testing.T) {
	t.Parallel()
	worlds := 500
	if n, err := strconv.Atoi(os.Getenv("PARLEY_TEST_WORLDS")); err == nil {
		worlds = n
	}
	w := newWorld(t)
	found := 0
	for range worlds {
		w.turn(t)
		w.ask(t)
	}
	for _, s := range w.bases {
		found += len(s.texts)
	}
	t.Logf("%d worlds, %d documents made, %d there at the end", worlds, w.said, found)
}
