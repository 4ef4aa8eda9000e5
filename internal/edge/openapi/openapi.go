// Package openapi makes the OpenAPI 3.1 document and the readable page from the routes themselves, so
// that neither can tell another story than the code.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/swaggest/jsonschema-go"
	oa "github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/parley-chat/parley/internal/edge"
)

var pathParam = regexp.MustCompile(`:(\w+)`)

// Path gives echo's path the form of OpenAPI: /v1/keys/:id becomes /v1/keys/{id}, and a trailing * is
// the parameter named rest.
func Path(echoPath string) string {
	p := pathParam.ReplaceAllString(echoPath, "{$1}")
	return strings.Replace(p, "*", "{rest}", 1)
}

// Document describes the routes as OpenAPI 3.1 in JSON.
func Document(routes []edge.Route, version string) ([]byte, error) {
	r := openapi31.NewReflector()
	r.Spec = &openapi31.Spec{Openapi: "3.1.0"}
	r.Spec.Info.WithTitle("Parley").WithVersion(version).WithDescription(intro)
	r.DefaultOptions = append(r.DefaultOptions, jsonschema.InterceptDefName(defName), jsonschema.InterceptProp(always),
		jsonschema.InterceptNullability(nullable))
	r.Spec.SetHTTPBearerTokenSecurity("bearer", "", "An API key, or a JWT of a trusted issuer.")
	r.Spec.SetAPIKeySecurity("session", "parley_session", oa.InCookie,
		"The cookie that signing in sets. Over HTTPS its name is `__Host-parley_session`.")
	for _, route := range routes {
		if err := add(r, route); err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", route.Method, route.Path, err)
		}
	}
	for _, schema := range r.Spec.ComponentsEns().Schemas {
		bare(schema)
	}
	doc, err := json.MarshalIndent(r.Spec, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return doc, nil
}

const intro = "A private chat assistant for a team. Send an API key as `Authorization: Bearer KEY`. " +
	"Errors have the shape of the OpenAI API, with a stable `code` and a `request_id` that the operator finds in the log. " +
	"The header `X-Request-Timeout` (seconds) shortens a request's deadline; `Idempotency-Key` makes a POST safe to repeat for 24 hours."

// defName names a schema by its type alone, since no two types that the APIs tell share a name but those
// of the OpenAI dialect, which are marked. A list is named for what it lists.
func defName(t reflect.Type, _ string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	if base, arg, generic := strings.Cut(name, "["); generic {
		arg = strings.TrimSuffix(arg, "]")
		name = arg[strings.LastIndexByte(arg, '.')+1:] + base
	}
	if strings.HasSuffix(t.PkgPath(), "/openaiapi") {
		return "OpenAI" + name
	}
	return name
}

// nullable lets exactly pointers be null: an empty list is [], and an empty map {}.
func nullable(p jsonschema.InterceptNullabilityParams) {
	switch kind := p.Type.Kind(); {
	case p.NullAdded && (kind == reflect.Slice || kind == reflect.Map):
		p.Schema.RemoveType(jsonschema.Null)
	case kind == reflect.Pointer && !p.OmitEmpty && p.Schema.Ref != nil:
		ref := *p.Schema
		*p.Schema = jsonschema.Schema{AnyOf: []jsonschema.SchemaOrBool{ref.ToSchemaOrBool(), jsonschema.Null.ToSchemaOrBool()}}
	}
}

// bare takes null from a named list of values: that a request may leave one out is no value of the type.
func bare(schema map[string]any) {
	if types, ok := schema["type"].([]any); ok && schema["enum"] != nil {
		types = slices.DeleteFunc(types, func(t any) bool { return t == "null" })
		if schema["type"] = types; len(types) == 1 {
			schema["type"] = types[0]
		}
	}
}

// always marks what every answer has: a field that is not left out when it is empty. Of a request, the tags
// say what is required.
func always(p jsonschema.InterceptPropParams) error {
	oc, ok := oa.OperationCtx(p.Context)
	_, tag, _ := strings.Cut(p.Field.Tag.Get("json"), ",")
	if !p.Processed || !ok || !oc.IsProcessingResponse() || strings.Contains(tag, "omit") || slices.Contains(p.ParentSchema.Required, p.Name) {
		return nil
	}
	p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	return nil
}

func add(r *openapi31.Reflector, route edge.Route) error {
	op := route.Op
	oc, err := r.NewOperationContext(route.Method, Path(route.Path))
	if err != nil {
		return err
	}
	oc.SetTags(op.Tag)
	oc.SetSummary(op.Summary)
	detail := op.Detail
	if op.Socket.Client != nil {
		client, err := define(r, op.Socket.Client)
		if err != nil {
			return err
		}
		server, err := define(r, op.Socket.Server)
		if err != nil {
			return err
		}
		detail += fmt.Sprintf(" Among the schemas, `%s` is a message of the client and `%s` one of the server.", client, server)
	}
	oc.SetDescription(strings.TrimSpace(detail + "\n\n" + who(route.Access)))
	oc.SetID(operationID(route))
	if op.Query != nil {
		oc.AddReqStructure(op.Query)
	}
	if op.Idempotent {
		oc.AddReqStructure(onceHeader{})
	}
	if op.Idempotent || op.Stream != nil || op.Socket.Client != nil {
		oc.AddReqStructure(timeHeader{})
	}
	if op.Request != nil {
		oc.AddReqStructure(op.Request)
	}
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(Path(route.Path), -1) {
		oc.AddReqStructure(pathStruct(m[1]))
	}
	status := op.Status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case op.Stream != nil:
		oc.AddRespStructure(op.Stream, oa.WithContentType("text/event-stream"), oa.WithHTTPStatus(status))
		if op.Response != nil {
			oc.AddRespStructure(op.Response, oa.WithHTTPStatus(status))
		}
	default:
		oc.AddRespStructure(op.Response, oa.WithHTTPStatus(status))
	}
	oc.AddRespStructure(edge.ErrorBody{}, func(cu *oa.ContentUnit) { cu.IsDefault = true; cu.Description = "Any error" })
	if !route.Access.Public && !route.Access.Guests {
		oc.AddSecurity("session")
		if !route.Access.SessionOnly {
			oc.AddSecurity("bearer")
		}
	}
	return r.AddOperation(oc)
}

// Headers of requests that take long or have an effect. Every request heeds the first.
type (
	timeHeader struct {
		Timeout float64 `header:"X-Request-Timeout" exclusiveMinimum:"0" description:"Seconds that the request may take, when less than the server allows."`
	}
	onceHeader struct {
		Key string `header:"Idempotency-Key" minLength:"1" maxLength:"255" description:"A repetition within 24 hours gets the first answer; with another body it is 409."`
	}
)

// define adds a type to the schemas and returns its name there.
func define(r *openapi31.Reflector, v any) (string, error) {
	schema, err := r.Reflect(v, jsonschema.DefinitionsPrefix(schemas), jsonschema.CollectDefinitions(func(name string, s jsonschema.Schema) {
		m, err := s.ToSchemaOrBool().ToSimpleMap()
		if err == nil && r.Spec.ComponentsEns().Schemas[name] == nil {
			r.Spec.ComponentsEns().WithSchemasItem(name, m)
		}
	}), jsonschema.RootRef)
	if err != nil || schema.Ref == nil {
		return "", fmt.Errorf("describe %T: %w", v, err)
	}
	return strings.TrimPrefix(*schema.Ref, schemas), nil
}

const schemas = "#/components/schemas/"

func who(a edge.Access) string {
	switch {
	case a.Public:
		return "Anyone may call it."
	case a.Guests:
		return "Guests may call it; what they may see depends on whether they have signed in."
	case a.Operator:
		return "For owners of the first tenant."
	case a.FirstTenant:
		return "For administrators of the first tenant."
	case a.SessionOnly:
		return "For a signed-in person; API keys and tokens may not call it."
	}
	text := fmt.Sprintf("From the role %s on", a.Role)
	if a.Permission != "" {
		text += fmt.Sprintf("; an API key needs the permission %s", a.Permission)
	}
	return text + "."
}

func operationID(route edge.Route) string {
	// A dot counts: /v1/chat.completions and /v1/chat/completions are two endpoints.
	path := strings.ReplaceAll(Path(route.Path), ".", "/dot/")
	parts := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}_", r) })
	id := strings.ToLower(route.Method)
	for _, p := range parts {
		id += strings.ToUpper(p[:1]) + p[1:]
	}
	return id
}

// pathStruct makes a struct with one field for a parameter of the path, which is how the reflector
// learns of it.
func pathStruct(name string) any {
	return reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "P", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`path:"` + name + `"`),
	}})).Elem().Interface()
}
