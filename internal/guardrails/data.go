package guardrails

import (
	"context"

	"github.com/parley-chat/parley/internal/guardrails/pii"
)

const dataName = "data"

// Data finds personal data and secrets by their shapes and sums; its categories are pii's kinds.
type Data struct{}

// Name implements Check.
func (Data) Name() string { return dataName }

var reasons = map[pii.Kind]string{
	pii.Secret: "a key, token or password",
	pii.IBAN:   "an account number whose sum is right",
	pii.Card:   "a card number whose sum is right",
	pii.Email:  "an address of mail",
	pii.Phone:  "a telephone number by the plan of its country",
	pii.IP:     "an address of a machine",
}

// Find implements Check.
func (Data) Find(_ context.Context, text string) ([]Finding, error) {
	spans := pii.Find(text)
	found := make([]Finding, 0, len(spans))
	for _, s := range spans {
		found = append(found, Finding{Category: string(s.Kind), Start: s.Start, End: s.End, Score: 1, Reason: reasons[s.Kind]})
	}
	return found, nil
}
