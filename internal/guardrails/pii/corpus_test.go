package pii_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/guardrails/pii"
)

// corpus is where developers have the public test sets, beside the checkout; elsewhere the tests on them
// are skipped.
const corpus = "../../../../shared/testdata"

func lines(t *testing.T, name string, each func(line []byte)) {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, name))
	if err != nil {
		t.Skipf("the public test set is not here: %v", err)
	}
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(name) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		each(in.Bytes())
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// score counts by kind: labels that were found, labels in all, and findings that no label covers.
type score struct{ found, labels, wrong int }

func (s score) recall() float64    { return float64(s.found) / float64(max(s.labels, 1)) }
func (s score) precision() float64 { return float64(s.found) / float64(max(s.found+s.wrong, 1)) }

var labelled = map[string]pii.Kind{
	"EMAIL_ADDRESS": pii.Email, "PHONE_NUMBER": pii.Phone, "CREDIT_CARD": pii.Card, "IBAN_CODE": pii.IBAN, "IP_ADDRESS": pii.IP,
}

// Every floor was measured as 1 and leaves room for one or two rows.
func TestPersonalDataOfThePublicSet(t *testing.T) {
	t.Parallel()
	type span struct {
		Type       string
		Start, End int // in code points
	}
	scores := map[pii.Kind]*score{}
	for _, k := range pii.Kinds() {
		scores[k] = &score{}
	}
	lines(t, "pii/presidio_synth.jsonl", func(line []byte) {
		var row struct {
			Text  string
			Spans []span
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		runes := []rune(row.Text)
		offset := func(n int) int { return len(string(runes[:n])) }
		found := pii.Find(row.Text)
		used := make([]bool, len(found))
		for _, s := range row.Spans {
			kind, ours := labelled[s.Type]
			start, end := offset(s.Start), offset(s.End)
			if ours {
				scores[kind].labels++
			}
			for i, f := range found {
				if f.Start < end && start < f.End { // what lies on another label is no false alarm of ours to mend here
					used[i] = used[i] || !ours || f.Kind == kind
					if ours && f.Kind == kind && f.Start <= start && f.End >= end {
						scores[kind].found++
					}
				}
			}
			if ours && testing.Verbose() {
				hit := false
				for _, f := range found {
					hit = hit || f.Kind == kind && f.Start <= start && f.End >= end
				}
				if !hit {
					t.Logf("missed %s %q in %q", kind, row.Text[start:end], row.Text[max(0, start-20):min(len(row.Text), end+20)])
				}
			}
		}
		for i, f := range found {
			if !used[i] {
				scores[f.Kind].wrong++
				t.Logf("false alarm: %s %q", f.Kind, row.Text[f.Start:f.End])
			}
		}
	})
	for _, floor := range []struct {
		kind              pii.Kind
		precision, recall float64
	}{
		{pii.Email, 0.97, 0.97}, {pii.Phone, 0.97, 0.97}, {pii.Card, 0.97, 0.97}, {pii.IBAN, 0.95, 0.95}, {pii.IP, 0.92, 0.92},
	} {
		s := scores[floor.kind]
		t.Logf("%-6s precision %.3f, recall %.3f of %d", floor.kind, s.precision(), s.recall(), s.labels)
		if s.precision() < floor.precision || s.recall() < floor.recall {
			t.Errorf("%s: precision %.3f and recall %.3f, want %.2f and %.2f", floor.kind, s.precision(), s.recall(), floor.precision, floor.recall)
		}
	}
}

// shapes are the rules of the set whose keys have a form of their own that is known here.
var shapes = []string{
	"anthropic-", "aws-access-token", "azure-ad", "databricks", "digitalocean", "gcp-api-key", "github-", "gitlab-pat", "gitlab-ptt", "gitlab-runner",
	"gitlab-deploy", "grafana-service", "huggingface-access", "notion", "npm-", "openai-", "pypi-", "rubygems-", "sendgrid-",
	"shopify-", "slack-bot", "slack-user", "sourcegraph", "stripe-", "vault-", "age-secret",
}

func TestSecretsOfThePublicSet(t *testing.T) {
	t.Parallel()
	var literal, generated, known score
	lines(t, "secrets/gitleaks_cases.jsonl.gz", func(line []byte) {
		var row struct {
			ID     string `json:"_id"`
			Rule   string
			Text   string
			Secret bool
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		s := &literal
		if len(row.ID) > 5 && row.ID[:5] == "glgen" {
			s = &generated
		}
		ours := s == &generated && slices.ContainsFunc(shapes, func(prefix string) bool { return strings.HasPrefix(row.Rule, prefix) })
		if ours {
			known.labels++
		}
		hit := false
		for _, f := range pii.Find(row.Text) {
			hit = hit || f.Kind == pii.Secret
		}
		switch {
		case row.Secret:
			s.labels++
			switch {
			case hit && ours:
				known.found++
				fallthrough
			case hit:
				s.found++
			default:
				if ours {
					t.Logf("missed: %s %.150q", row.Rule, row.Text)
				}
				if s == &literal {
					t.Logf("missed: %s %.150q", row.Rule, row.Text)
				}
			}
		case hit:
			s.wrong++
			t.Logf("false alarm: %s %.200q", row.Rule, row.Text)
		}
	})
	t.Logf("published: precision %.3f, recall %.3f of %d, %d false alarms of 285", literal.precision(), literal.recall(), literal.labels, literal.wrong)
	t.Logf("generated: recall %.3f of %d, and %.3f of the %d of the shapes known here",
		generated.recall(), generated.labels, known.recall(), known.labels)
	// Measured: 0.844, 42 and 0.966. The false alarms are mostly keys that the set's own scanner lets pass
	// because they are published; the recall of what is generated counts 150 vendors that are not known here.
	if literal.recall() < 0.82 || literal.wrong > 46 || known.recall() < 0.95 {
		t.Error("worse than it was")
	}
}
