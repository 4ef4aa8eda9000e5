package knowledge

import (
	"cmp"
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Filter says which documents count, by their attributes, in the shape of the OpenAI API: a comparison of one attribute, or
// several filters that all hold (and), or one of which does (or).
type Filter struct {
	kind    string
	key     string
	value   any   // of a comparison
	values  []any // of in and nin
	filters []Filter
}

// Limits of a filter: how deep it may go, and how many parts it may have.
const (
	filterDepth = 8
	filterParts = 100
)

// ParseFilter reads a filter from what JSON was decoded to.
func ParseFilter(v any) (Filter, error) {
	parts := 0
	return parseFilter(v, "filters", 0, &parts)
}

func parseFilter(v any, at string, depth int, parts *int) (f Filter, err error) {
	given, ok := v.(map[string]any)
	if *parts++; !ok || depth > filterDepth || *parts > filterParts {
		return f, fault.Invalid("%s must be an object with a type, %d deep and of %d parts at most", at, filterDepth, filterParts).At(at)
	}
	f.kind, _ = given["type"].(string)
	f.key, _ = given["key"].(string)
	f.value = given["value"]
	switch f.kind {
	case "and", "or":
		list, ok := given["filters"].([]any)
		if !ok || len(list) == 0 {
			return f, fault.Invalid("%s.filters must be a list of filters", at).At(at)
		}
		for _, one := range list {
			inner, err := parseFilter(one, at+".filters", depth+1, parts)
			if err != nil {
				return f, err
			}
			f.filters = append(f.filters, inner)
		}
		return f, nil
	case "in", "nin":
		f.values, ok = f.value.([]any)
		ok = ok && !slices.ContainsFunc(f.values, func(v any) bool { return !isAttribute(v) })
	case "gt", "gte", "lt", "lte":
		_, isBool := f.value.(bool)
		ok = isAttribute(f.value) && !isBool
	case "eq", "ne":
		ok = isAttribute(f.value)
	default:
		return f, fault.Invalid("%s.type must be eq, ne, gt, gte, lt, lte, in, nin, and or or, not %q", at, f.kind).At(at)
	}
	switch {
	case f.key == "":
		return f, fault.Invalid("%s.key must name an attribute", at).At(at)
	case !ok:
		return f, fault.Invalid("%s.value must be text, a number or a boolean; a list of them for in and nin; no boolean for an order", at).At(at)
	}
	return f, nil
}

func isAttribute(v any) bool {
	switch v.(type) {
	case string, float64, bool:
		return true
	}
	return false
}

// Matches reports whether attributes fit. A document without an attribute differs from every value of it and is in no order with any.
func (f Filter) Matches(attributes map[string]any) bool {
	fits := func(one Filter) bool { return one.Matches(attributes) }
	v := attributes[f.key]
	switch f.kind {
	case "and":
		return !slices.ContainsFunc(f.filters, func(one Filter) bool { return !fits(one) })
	case "or":
		return slices.ContainsFunc(f.filters, fits)
	case "eq":
		return v == f.value
	case "ne":
		return v != f.value
	case "in":
		return slices.Contains(f.values, v)
	case "nin":
		return !slices.Contains(f.values, v)
	}
	var order int
	switch want := f.value.(type) {
	case string:
		have, ok := v.(string)
		if !ok {
			return false
		}
		order = cmp.Compare(have, want)
	case float64:
		have, ok := v.(float64)
		if !ok {
			return false
		}
		order = cmp.Compare(have, want)
	}
	switch f.kind {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	default:
		return order <= 0
	}
}

// Matching are the ids of the documents of a base that the scope may read and whose attributes fit.
func (l *Library) Matching(ctx context.Context, sc chat.Scope, baseID string, f Filter) ([]string, error) {
	all, err := l.Documents(ctx, sc, baseID)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, d := range all {
		if f.Matches(d.Attributes) {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil
}
