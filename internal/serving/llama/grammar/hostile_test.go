package grammar_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
)

// hostile are schemas that would take long, or much memory, if nothing counted.
func hostile() map[string]string {
	doubling := `{"$defs": {"d0": {"type": "string"}`
	for i := 1; i < 40; i++ {
		doubling += fmt.Sprintf(`, "d%d": {"allOf": [{"$ref": "#/$defs/d%d"}, {"$ref": "#/$defs/d%d"}]}`, i, i-1, i-1)
	}
	choices := `{"$defs": {"d0": {"type": "string"}`
	for i := 1; i < 40; i++ {
		choices += fmt.Sprintf(`, "d%d": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/d%d"}}, {"type": "array", "items": {"$ref": "#/$defs/d%d"}, "minItems": 1}]}`, i, i-1, i-1)
	}
	product := `{"allOf": [{}`
	for i := range 30 {
		product += fmt.Sprintf(`, {"anyOf": [{"required": ["a%d"]}, {"required": ["b%d"]}]}`, i, i)
	}
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprintf(`"p%d": {"type": "string", "minLength": %d}`, i, i))
	}
	var values []string
	for i := range 10000 {
		values = append(values, fmt.Sprintf(`"value number %d"`, i))
	}
	return map[string]string{
		"deep":                strings.Repeat(`{"items":`, 5000) + `{}` + strings.Repeat(`}`, 5000),
		"deep enough":         strings.Repeat(`{"type":"array","items":`, 200) + `{}` + strings.Repeat(`}`, 200),
		"doubling references": doubling + `}, "$ref": "#/$defs/d39"}`,
		"doubling choices":    choices + `}, "$ref": "#/$defs/d39"}`,
		"product of choices":  product + `]}`,
		"itself":              `{"$ref": "#"}`,
		"itself, in all":      `{"allOf": [{"$ref": "#"}]}`,
		"itself, not":         `{"not": {"$ref": "#"}}`,
		"endless":             `{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}`,
		"many members":        `{"properties": {` + strings.Join(names, ",") + `}}`,
		"many values":         `{"enum": [` + strings.Join(values, ",") + `]}`,
		"long text":           `{"type": "string", "minLength": 1000000000}`,
		"long list":           `{"type": "array", "minItems": 1000000000}`,
		"list of lists":       `{"type": "array", "minItems": 900, "items": {"type": "array", "minItems": 900, "items": {"type": "string", "minLength": 9000}}}`,
		"many members needed": `{"type": "object", "minProperties": 1000000000}`,
		"pattern":             `{"pattern": "^((a{1,30}){1,30}){1,30}$", "minLength": 500, "maxLength": 5000}`,
		"patterns":            `{"allOf": [{"pattern": "^(.*a.{12})$"}, {"pattern": "b.{12}$"}, {"pattern": "c.{11}$"}]}`,
		"many patterns":       `{"patternProperties": {"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, "f": {}}, "additionalProperties": false}`,
		"large exponent":      `{"const": 1e999999999}`,
		"large number":        `{"minimum": 1` + strings.Repeat("0", 10000) + `}`,
		"fine division":       `{"type": "number", "multipleOf": 0.000000007}`,
		"unique":              `{"type": "array", "uniqueItems": true, "items": {"enum": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}, "minItems": 10}`,
		"contains":            `{"contains": {"const": 1}, "minContains": 900, "maxContains": 950, "minItems": 900}`,
		"one of many":         `{"oneOf": [{"minimum": 1}, {"minimum": 2}, {"minimum": 3}, {"minimum": 4}, {"minimum": 5}, {"minimum": 6}, {"minimum": 7}, {"minimum": 8}]}`,
		"zero byte":           `{"const": "a\u0000b"}`,
		"lone surrogate":      `{"const": "\ud800"}`,
	}
}

// compile makes a grammar and reads it. It fails the test for anything but a grammar or a refusal.
func compile(t *testing.T, schema string) (*gbnf, *grammar.Check) {
	t.Helper()
	g := grammar.New()
	root, check, err := g.Schema([]byte(schema))
	text := ""
	if err == nil {
		text, err = g.Write(root)
	}
	if err != nil {
		if !fault.Is(err, fault.CodeInvalid) {
			t.Fatalf("%.200s: %v", schema, err)
		}
		return nil, nil
	}
	m, err := readGBNF(text)
	if err != nil {
		t.Fatalf("%.200s: %v", schema, err)
	}
	return m, check
}

func TestHostileSchemas(t *testing.T) {
	t.Parallel()
	for name, schema := range hostile() {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			m, check := compile(t, schema)
			if took := time.Since(began); took > 20*time.Second { // a busy machine; what must not be is minutes
				t.Errorf("took %v", took)
			}
			if m == nil {
				return
			}
			out := m.random(rand.New(rand.NewPCG(1, 1)))
			if err := check.Text(out); err != nil && out != "" {
				t.Errorf("%.300s: %v", out, err)
			}
		})
	}
}

// A check of a text that is nested deeply ends, whatever its schema does to it.
func TestCheckEnds(t *testing.T) {
	t.Parallel()
	_, check, err := grammar.New().Schema([]byte(`{"type": "array", "allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Text(strings.Repeat("[", 8) + strings.Repeat("]", 8)); err != nil {
		t.Error(err)
	}
	if err := check.Text(strings.Repeat("[", 60) + strings.Repeat("]", 60)); err == nil {
		t.Error("a check of 2^60 steps was said to be done")
	}
}

func FuzzFromSchema(f *testing.F) {
	for name, s := range hostile() {
		if len(s) < 4000 && name != "list of lists" && name != "contains" { // the fuzzer takes ten seconds for stuck
			f.Add(s)
		}
	}
	for _, s := range []string{
		`{"type": "object", "properties": {"a": {"type": ["string", "null"], "format": "date"}, "b": {"$ref": "#"}}, "required": ["a"]}`,
		`{"type": "array", "prefixItems": [{"type": "integer", "exclusiveMinimum": -7, "multipleOf": 3}], "items": {"enum": [1, "x", {"y": []}]}, "minItems": 1}`,
		`{"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["z"]}, "else": {"not": {"required": ["z"]}}, "unevaluatedProperties": false}`,
		`{"patternProperties": {"^x-": {"type": "number"}}, "additionalProperties": {"pattern": "^[a-z]+$"}, "minProperties": 2, "propertyNames": {"maxLength": 6}}`,
		`{"nullable": true, "type": "string", "minLength": 2, "maxLength": 700}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, schema string) {
		began := time.Now()
		m, check := compile(t, schema)
		if took := time.Since(began); took > 20*time.Second {
			t.Fatalf("%q took %v", schema, took)
		}
		if m == nil || !json.Valid([]byte(schema)) {
			return
		}
		r := rand.New(rand.NewPCG(7, 7))
		for range 3 {
			out := m.random(r)
			if err := check.Text(out); err != nil && out != "" {
				t.Fatalf("schema %s\ntext %s\n%v", schema, out, err)
			}
		}
	})
}
