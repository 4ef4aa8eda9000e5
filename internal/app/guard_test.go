package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/edge/guardapi"
)

func TestGuardCheck(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
	var one guardapi.Checked
	a := s.must(t, http.StatusOK, seeded, "POST", "/v1/guard/check", `{"place": "input", "text": "Größe: `+secret+`, von ada@example.com"}`)
	a.into(t, &one)
	if one.Action != "redact" || one.Text != "Größe: <SECRET_1>, von ada@example.com" || len(one.Findings) != 2 || one.Results != nil {
		t.Errorf("%s", a.body)
	}
	if f := one.Findings[0]; f.Category != "secret" || f.Start != len("Größe: ") || f.End != f.Start+len(secret) || f.Action != "redact" || f.Reason == "" {
		t.Errorf("found %+v", f)
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the log has the text")
	}
	var many guardapi.Checked
	s.must(t, http.StatusOK, seeded, "POST", "/v1/guard/check", `{"place": "tool_output", "texts": ["fine", "a\u200b\u200b\u200bb", ""]}`).into(t, &many)
	if many.Action != "redact" || len(many.Results) != 3 || many.Results[0].Action != "allow" || many.Results[1].Text != "ab" || many.Results[1].Findings[0].Category != "hidden_text" {
		t.Errorf("%+v", many)
	}
	for body, param := range map[string]string{
		`{"text": "x"}`:                                "place",
		`{"place": "there", "text": "x"}`:              "place",
		`{"place": "input"}`:                           "text",
		`{"place": "input", "text": "x", "texts": []}`: "text",
		`{"place": "input", "texts": [` + strings.Repeat(`"x",`, 1000) + `"x"]}`: "texts",
	} {
		a := s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/guard/check", body)
		if !strings.Contains(string(a.body), `"`+param+`"`) {
			t.Errorf("%.60s: %s", body, a.body)
		}
	}
}
