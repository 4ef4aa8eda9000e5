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
	r.Spec.SetAPIKeySecurity("session", "parley_session", oa.InCookie, "The cookie that signing in sets.")
	for _, route := range routes {
		if err := add(r, route); err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", route.Method, route.Path, err)
		}
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
	oc.SetDescription(strings.TrimSpace(op.Detail + "\n\n" + who(route.Access)))
	oc.SetID(operationID(route))
	if op.Query != nil {
		oc.AddReqStructure(op.Query)
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
