package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/fault"
)

// FromSchema writes the grammar of a schema. What cannot be expressed is fault.Invalid that names the
// keyword and its place.
func FromSchema(schema []byte) (gbnf string, err error) {
	g := New()
	root, _, err := g.Schema(schema)
	if err != nil {
		return "", err
	}
	return g.Write(root)
}

// Grammar is a grammar under construction, of one schema or of several within other text.
type Grammar struct {
	rules rules
}

// Rule is a part of a grammar.
type Rule struct{ r *rule }

// New returns an empty grammar.
func New() *Grammar {
	return &Grammar{rules{shared: map[string]*rule{}, work: &budget{left: maxWork}}}
}

// Row is what stands one after the other: strings as they are, and Rules.
type Row []any

// Choice makes a rule of alternatives.
func (g *Grammar) Choice(rows ...Row) Rule {
	r := g.rules.add("part")
	for _, row := range rows {
		var alt []symbol
		for _, part := range row {
			switch part := part.(type) {
			case Rule:
				alt = append(alt, ref(part.r))
			case string:
				alt = append(alt, verbatim(part))
			}
		}
		r.alt(alt...)
	}
	return Rule{r}
}

// Repeat makes a rule of item, once or up to most times, with between in the middle.
func (g *Grammar) Repeat(item Rule, between string, most int) Rule {
	r := g.rules.add("part")
	next := g.Choice(Row{between, item})
	r.alt(ref(item.r), some(next.r, fmt.Sprintf("{0,%d}", most-1)))
	return Rule{r}
}

// Possible reports whether any text fits a rule.
func (g *Grammar) Possible(r Rule) bool { return g.rules.prune(r.r) }

// Write gives the grammar whose texts are those of root.
func (g *Grammar) Write(root Rule) (string, error) {
	if !g.rules.prune(root.r) {
		return "", fault.Invalid("no value fits the schema: its keywords contradict each other").OfKind("schema_unsatisfiable")
	}
	return g.rules.write(root.r)
}

// Schema makes a rule for the JSON texts that fit a schema, and a check for finished ones.
func (g *Grammar) Schema(schema []byte) (Rule, *Check, error) { return g.schema(schema) }

// Object is Schema for the objects among the values that fit.
func (g *Grammar) Object(schema []byte) (Rule, *Check, error) {
	only := &jsonschema.Schema{Types: new(jsonschema.Types), Location: address}
	only.Types.Add("object")
	return g.schema(schema, literal{s: only})
}

func (g *Grammar) schema(schema []byte, beside ...literal) (Rule, *Check, error) {
	doc, err := read(schema)
	if err != nil {
		return Rule{}, nil, err
	}
	root, err := load(doc)
	if err != nil {
		return Rule{}, nil, err
	}
	c := &compiler{
		grammar: g, work: g.rules.work, order: doc.order, dynamic: doc.dynamic,
		ids: map[*jsonschema.Schema]int{}, demands: map[string]*demand{}, goals: map[string]*goal{},
		known: map[literal][]branch{}, open: map[literal]bool{},
	}
	top, err := c.use(append(beside, literal{s: root}))
	if err != nil {
		return Rule{}, nil, err
	}
	for len(c.todo) > 0 {
		next := c.todo[0]
		c.todo = c.todo[1:]
		if err := c.emit(next); err != nil {
			return Rule{}, nil, err
		}
	}
	return Rule{top}, &Check{root: root}, nil
}

// address is where the schema stands as a document of its own.
const address = "schema:///root"

// load compiles a document by the library that also checks the finished answers.
func load(doc *document) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(nowhere{})
	if err := c.AddResource(address, doc.value); err != nil {
		return nil, fault.Invalid("the schema cannot be read: %s", reason(err)).Because(err)
	}
	s, err := c.Compile(address)
	if err != nil {
		return nil, fault.Invalid("the schema is not valid: %s", reason(err)).Because(err)
	}
	return s, nil
}

// nowhere refuses references to other documents: a server that fetched what a request names would be a
// tool for others.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%q is another document: put it into $defs", url)
}

// reason shortens what the library says, and takes our address out of it.
func reason(err error) string {
	var invalid *jsonschema.SchemaValidationError
	text := err.Error()
	if errors.As(err, &invalid) {
		text = invalid.Err.Error()
		if _, detail, ok := strings.Cut(text, "\n"); ok {
			text = detail
		}
	}
	text = strings.ReplaceAll(text, address, "")
	text = strings.Join(strings.Fields(text), " ")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " ..."
	}
	return text
}

// refuse says that a keyword cannot be expressed.
func (c *compiler) refuse(s *jsonschema.Schema, keyword, why string) error {
	return refusal(place(s, keyword), why)
}

func refusal(at, why string) error {
	return fault.Invalid("the schema's %s cannot be promised: %s", at, why).OfKind("schema_not_supported")
}

func place(s *jsonschema.Schema, keyword string) string {
	at := strings.TrimPrefix(s.Location, address)
	if at == "" || at == "#" {
		at = "the top"
	}
	return fmt.Sprintf("%q at %s", keyword, at)
}

// document is a schema as it was sent.
type document struct {
	value   any
	order   map[string][]string // the members of each "properties", by the place of the schema
	dynamic int                 // how many dynamic anchors there are
}

func read(schema []byte) (*document, error) {
	if len(schema) > maxSchema {
		return nil, fault.Invalid("the schema has %d bytes, the most is %d", len(schema), maxSchema).OfKind("schema_too_complex")
	}
	if err := checkDepth(schema); err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		return nil, fault.Invalid("the schema is not JSON").Because(err)
	}
	switch value.(type) {
	case bool, map[string]any:
	default:
		return nil, fault.Invalid("the schema must be an object")
	}
	doc := &document{value: value, order: map[string][]string{}}
	doc.prepare(value)
	doc.orders(schema)
	return doc, nil
}

// checkDepth bounds how deep a schema is before anything walks it.
func checkDepth(schema []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(schema)))
	dec.UseNumber()
	depth := 0
	for {
		token, err := dec.Token()
		if err != nil {
			return nil //nolint:nilerr // whoever reads it next says so
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
			if depth > 4*maxDepth {
				return errBudget
			}
		case json.Number:
			if _, ok := rational(token); !ok {
				return fault.Invalid("the schema holds the number %.40s, which is too long", string(token))
			}
		}
	}
}

// The keywords under which schemas stand.
var (
	schemaMaps  = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
	schemaLists = []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"}
	schemaOnes  = []string{"items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains", "propertyNames", "not", "if", "then", "else", "contentSchema"}
)

// prepare walks the schemas of a document: it brings "nullable" of OpenAPI into the words of JSON Schema,
// and counts dynamic anchors.
func (d *document) prepare(v any) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	if _, ok := m["$dynamicAnchor"]; ok {
		d.dynamic++
	}
	if on, ok := m["$recursiveAnchor"].(bool); ok && on {
		d.dynamic++
	}
	if on, ok := m["nullable"].(bool); ok && on {
		delete(m, "nullable")
		switch t := m["type"].(type) {
		case string:
			m["type"] = []any{t, "null"}
		case []any:
			if !slices.Contains(t, any("null")) {
				m["type"] = append(t, "null")
			}
		}
		if list, ok := m["enum"].([]any); ok && !slices.Contains(kindsOf(list), isNull) {
			m["enum"] = append(list, nil)
		}
	}
	for _, key := range schemaMaps {
		if inner, ok := m[key].(map[string]any); ok {
			for _, s := range inner {
				d.prepare(s)
			}
		}
	}
	for _, key := range schemaLists {
		if inner, ok := m[key].([]any); ok {
			for _, s := range inner {
				d.prepare(s)
			}
		}
	}
	for _, key := range schemaOnes {
		d.prepare(m[key])
	}
}

func kindsOf(list []any) []kind {
	out := make([]kind, len(list))
	for i, v := range list {
		out[i] = kindOf(v)
	}
	return out
}

// orders notes the order of the members of each object whose key is "properties", by the pointer to it.
func (d *document) orders(schema []byte) {
	dec := json.NewDecoder(strings.NewReader(string(schema)))
	dec.UseNumber()
	var walk func(at string, note bool)
	walk = func(at string, note bool) {
		token, err := dec.Token()
		if err != nil {
			return
		}
		switch token {
		case json.Delim('{'):
			for dec.More() {
				key, err := dec.Token()
				if err != nil {
					return
				}
				name, _ := key.(string)
				if note {
					d.order[at] = append(d.order[at], name)
				}
				walk(at+"/"+pointer(name), name == "properties" && !note)
			}
			_, _ = dec.Token()
		case json.Delim('['):
			for i := 0; dec.More(); i++ {
				walk(fmt.Sprintf("%s/%d", at, i), false)
			}
			_, _ = dec.Token()
		}
	}
	walk("#", false)
}

func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
