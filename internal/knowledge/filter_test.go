package knowledge_test

import (
	"encoding/json"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	attributes := map[string]any{"team": "port", "year": 2026.0, "final": true}
	for text, want := range map[string]bool{
		`{"type": "eq", "key": "team", "value": "port"}`:          true,
		`{"type": "eq", "key": "year", "value": "2026"}`:          false,
		`{"type": "eq", "key": "nothing", "value": "x"}`:          false,
		`{"type": "ne", "key": "nothing", "value": "x"}`:          true,
		`{"type": "ne", "key": "final", "value": true}`:           false,
		`{"type": "gt", "key": "year", "value": 2025}`:            true,
		`{"type": "gt", "key": "year", "value": 2026}`:            false,
		`{"type": "gte", "key": "year", "value": 2026}`:           true,
		`{"type": "lt", "key": "year", "value": 2026}`:            false,
		`{"type": "lte", "key": "year", "value": 2026}`:           true,
		`{"type": "lt", "key": "team", "value": "q"}`:             true,
		`{"type": "lt", "key": "team", "value": 9}`:               false,
		`{"type": "lte", "key": "nothing", "value": 9}`:           false,
		`{"type": "in", "key": "team", "value": ["sea", "port"]}`: true,
		`{"type": "in", "key": "team", "value": []}`:              false,
		`{"type": "nin", "key": "year", "value": [2025]}`:         true,
		`{"type": "and", "filters": [{"type": "eq", "key": "team", "value": "port"}, {"type": "lt", "key": "year", "value": 2000}]}`: false,
		`{"type": "or", "filters": [{"type": "eq", "key": "team", "value": "port"}, {"type": "lt", "key": "year", "value": 2000}]}`:  true,
	} {
		f, err := parse(t, text)
		if err != nil || f.Matches(attributes) != want {
			t.Errorf("%s: %v, %v", text, f.Matches(attributes), err)
		}
	}
	deep := `{"type": "eq", "key": "a", "value": 1}`
	for range 10 {
		deep = `{"type": "and", "filters": [` + deep + `]}`
	}
	for _, text := range []string{
		`3`, `{}`, `{"type": "like", "key": "a", "value": "b"}`, `{"type": "eq", "value": "b"}`, `{"type": "eq", "key": "a"}`,
		`{"type": "eq", "key": "a", "value": {}}`, `{"type": "gt", "key": "a", "value": true}`, `{"type": "in", "key": "a", "value": "b"}`,
		`{"type": "in", "key": "a", "value": [[]]}`, `{"type": "and"}`, `{"type": "and", "filters": []}`, `{"type": "or", "filters": [1]}`, deep,
	} {
		if _, err := parse(t, text); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s is taken: %v", text, err)
		}
	}
}

func parse(t *testing.T, text string) (knowledge.Filter, error) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return knowledge.ParseFilter(v)
}
