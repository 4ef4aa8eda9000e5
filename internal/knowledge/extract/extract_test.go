package extract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/parley-chat/parley/internal/knowledge/extract"
)

// The test's own binary is the process that reads files.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "extract" {
		if err := extract.Main(os.Args[2], os.Stdin, os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func run(t *testing.T, cache, name string, data []byte) (extract.Document, error) {
	t.Helper()
	return extract.Run(t.Context(), []string{"extract"}, filepath.Base(name), data, cache, extract.DefaultLimits())
}

// old are kinds that are refused with the word for what to do, where the list expects them to be read.
var old = []string{"xls", "msg"}

// other are files whose phrases in the list are another program's reading of them.
var other = map[string]string{
	"docling/pdf/amt_handbook_sample.pdf":         "fractions that are drawn",
	"docling/pdf/redp5110_sampled.pdf":            "a font that does not say which characters it has",
	"docling/pdf/skipped_1page.pdf":               "a font that does not say which characters it has",
	"docling/pdf/skipped_2pages.pdf":              "a font that does not say which characters it has",
	"docling/pdf/table_mislabeled_as_picture.pdf": "the order of a page's head",
	"docling/pdf/right_to_left_01.pdf":            "PDFium gives the two letters of an Arabic ligature in the wrong order",
	"docling/pdf/right_to_left_02.pdf":            "PDFium gives the two letters of an Arabic ligature in the wrong order",
	"docling/pdf/right_to_left_03.pdf":            "PDFium gives the two letters of an Arabic ligature in the wrong order",
}

// Every file of the collection is read with what it says, or refused for the right reason, within its limits.
func TestCollection(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceDetector {
		t.Skip("185 processes, which PDFium is too slow for under the race detector: make test-docs")
	}
	dir := os.Getenv("PARLEY_TEST_DOCS")
	if dir == "" {
		dir = filepath.FromSlash("../../../../shared/testdata/docs")
	}
	const bare = "tricky/sparse-extent.xlsx" // without _rels/.rels it is no package; its extent is TestSparseSheet's
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		t.Skipf("needs ../shared/testdata/docs, or PARLEY_TEST_DOCS: %v", err)
	}
	cache := t.TempDir()
	if err := extract.Prepare(t.Context(), []string{"extract"}, cache); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(manifest)) {
		var c struct {
			File, Format, Expect string
			MustContain          []string `json:"must_contain"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(c.File) == "README.md" {
			continue
		}
		t.Run(c.File, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, c.File))
			if errors.Is(err, os.ErrNotExist) {
				t.Skip("the list names it, and it is not there")
			} else if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			doc, err := run(t, cache, c.File, data)
			if took := time.Since(began); took > extract.DefaultLimits().Time+2*time.Second {
				t.Errorf("it took %v", took)
			}
			refusal := (*extract.Refusal)(nil)
			if err != nil && !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			if slices.Contains(old, c.Format) || c.File == bare {
				c.Expect = "reject"
			}
			switch {
			case c.Expect == "ok" && refusal != nil:
				t.Errorf("refused: %s (%s)", refusal.Reason, refusal.Kind)
			case c.Expect == "password" && (refusal == nil || refusal.Kind != extract.Password):
				t.Errorf("not refused for its password: %v", err)
			case c.Expect == "empty" && (refusal == nil || refusal.Kind != extract.Empty):
				t.Errorf("not refused for having no text: %v", err)
			case c.Expect == "reject" && refusal == nil:
				t.Errorf("read: %.200q", doc.Text)
			}
			if c.Expect != "ok" || refusal != nil {
				return
			}
			text := flat(doc.Text)
			for _, want := range c.MustContain {
				if other[c.File] == "" && !strings.Contains(text, flat(want)) {
					t.Errorf("it lacks %q", want)
				}
			}
			if !slices.IsSorted(doc.Pages) || len(doc.Pages) > 0 && (doc.Pages[0] != 0 || doc.Pages[len(doc.Pages)-1] > len(doc.Text)) {
				t.Errorf("pages at %v of %d bytes", doc.Pages, len(doc.Text))
			}
		})
	}
}

// flat leaves out spaces, as their number is the layout's.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// A sheet that reaches to the last cell costs what is in it.
func TestSparseSheet(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	for cell, text := range map[string]string{"A1": "first cell text", "XFD1048576": "last cell text"} {
		if err := book.SetCellStr("Sheet1", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	doc, err := run(t, "", "sparse.xlsx", file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(doc.Text, "first cell text") || !strings.Contains(doc.Text, "last cell text") {
		t.Errorf("%.200q", doc.Text)
	}
}

func TestWhatIsHiddenIsNotRead(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"a.html": `<p>seen<span style="display:none">secret</span><div hidden><div>secret</div>secret</div><script>secret</script><b style="font-size:0px">secret</b> too`,
		"b.txt":  "seen\u202e too\U000E0073\U000E0065\x00",
		"c.eml":  "Subject: seen too\r\nContent-Type: text/html\r\n\r\n<style>secret</style>seen",
	} {
		doc, err := extract.Read(name, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(doc.Text, "secret") || !strings.Contains(doc.Text, "seen") || strings.ContainsFunc(doc.Text, func(r rune) bool { return r >= 0xE0000 || r == 0x202e || r == 0 }) {
			t.Errorf("%s: %q", name, doc.Text)
		}
	}
}

func TestStructureSurvives(t *testing.T) {
	t.Parallel()
	doc, err := extract.Read("a.html", []byte(`<title>A &amp; B</title><h2>Fees</h2><p>Per
		<b>berth</b>:</p><ul><li>one<ul><li>two</ul></ul><table><tr><th>Size<th>Fee</th></tr><tr><td>10 m</td><td>20 <i>euros</i></td></tr></table><pre>a
  b</pre>`))
	if err != nil {
		t.Fatal(err)
	}
	want := "## Fees\n\nPer berth:\n\n- one\n  - two\n\n| Size | Fee |\n| --- | --- |\n| 10 m | 20 euros |\n\n```\na\n  b\n```"
	if doc.Title != "A & B" || doc.Text != want {
		t.Errorf("%q %q", doc.Title, doc.Text)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"a.txt", "a.html", "a.eml", "a.docx", "a.ipynb", "a"} {
		f.Add(name, []byte("Subject: x\r\n\r\n<table><td>y"))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		doc, err := extract.Read(name, data)
		refusal := (*extract.Refusal)(nil)
		if err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if !utf8.ValidString(doc.Text) || strings.ContainsRune(doc.Text, 0) {
			t.Errorf("%q", doc.Text)
		}
	})
}
