package grammar

import (
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/fault"
)

// Check tries finished texts against a schema, by a library that knows nothing of grammars. It is safe for
// many goroutines.
type Check struct{ root *jsonschema.Schema }

// maxCheck bounds the steps of a check: a schema that applies itself several times to its parts doubles
// them with each level of a text.
const maxCheck = 2_000_000

// Text tells what is wrong with a JSON text.
func (k *Check) Text(text string) error {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return fault.Unavailable("the answer is not JSON").Because(err)
	}
	if cost(k.root, v) > maxCheck {
		return fault.Unavailable("the answer is nested too deeply for this schema to be checked")
	}
	if err := k.root.Validate(v); err != nil {
		return fault.Unavailable("the answer does not fit the schema: %s", reason(err)).Because(err)
	}
	return nil
}

// cost counts how many pairs of a schema and a part of v a check looks at.
func cost(root *jsonschema.Schema, v any) float64 {
	total := 0.0
	weigh(map[*jsonschema.Schema]float64{root: 1}, v, &total)
	return total
}

// weigh adds the cost of the schemas that are applied to v, each so many times.
func weigh(here map[*jsonschema.Schema]float64, v any, total *float64) {
	all := map[*jsonschema.Schema]float64{}
	for s, n := range here {
		spread(s, n, all, 0, total)
	}
	if *total > maxCheck {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			*total++
			next := map[*jsonschema.Schema]float64{}
			for s, n := range all {
				each(columnsOf(s, name), n, next)
			}
			weigh(next, member, total)
		}
	case []any:
		for i, item := range v {
			*total++
			next := map[*jsonschema.Schema]float64{}
			for s, n := range all {
				each(rowsOf(s, i), n, next)
			}
			weigh(next, item, total)
		}
	}
}

func each(list []*jsonschema.Schema, n float64, to map[*jsonschema.Schema]float64) {
	for _, s := range list {
		if s != nil {
			to[s] += n
		}
	}
}

// spread counts the schemas that are applied to the same value, along all ways to them.
func spread(s *jsonschema.Schema, n float64, all map[*jsonschema.Schema]float64, depth int, total *float64) {
	if *total > maxCheck || depth > 4*maxDepth || s == nil {
		return
	}
	all[s] += n
	*total += n
	for _, inner := range sameValue(s) {
		spread(inner, n, all, depth+1, total)
	}
}

// sameValue lists the schemas that s applies to the value itself.
func sameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else}
	if s.DynamicRef != nil {
		list = append(list, s.DynamicRef.Ref)
	}
	list = append(append(append(list, s.AllOf...), s.AnyOf...), s.OneOf...)
	for _, d := range s.DependentSchemas {
		list = append(list, d)
	}
	for _, d := range s.Dependencies {
		if d, ok := d.(*jsonschema.Schema); ok {
			list = append(list, d)
		}
	}
	return list
}

func columnsOf(s *jsonschema.Schema, name string) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Properties[name], s.UnevaluatedProperties}
	for re, p := range s.PatternProperties {
		if re.MatchString(name) {
			list = append(list, p)
		}
	}
	if rest, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		list = append(list, rest)
	}
	return list
}

func rowsOf(s *jsonschema.Schema, i int) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Contains, s.Items2020, s.UnevaluatedItems}
	if i < len(s.PrefixItems) {
		list = append(list, s.PrefixItems[i])
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		list = append(list, items)
	case []*jsonschema.Schema:
		if i < len(items) {
			list = append(list, items[i])
		}
	}
	if rest, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
		list = append(list, rest)
	}
	return list
}
