package adminapi

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/defaults"
	"github.com/parley-chat/parley/internal/serving/tune"
)

type modelAPI struct {
	downloads *catalogue.Downloads
	serving   *serving.Service
	defaults  *defaults.Defaults
}

// ModelRoutes are the endpoints of the models: what there is, for those who look after the server, and
// which of them a tenant's people get.
func ModelRoutes(downloads *catalogue.Downloads, service *serving.Service, d *defaults.Defaults) []edge.Route {
	a := &modelAPI{downloads, service, d}
	const tag = "Administration: models"
	operators, admin := edge.Operators(), edge.Admin()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/models", Access: operators, Handle: a.list, Op: edge.Op{
			Tag: tag, Summary: "List every model that is or can be installed, and the engine", Response: ModelCatalogue{},
			Detail: "Ask once a second while something is under way to show its progress."}},
		{Method: http.MethodPost, Path: "/v1/admin/models/:id/pull", Access: operators, Handle: a.pull, Op: edge.Op{
			Tag: tag, Summary: "Begin to install a model, or go on with it", Response: ManagedModel{}, Status: http.StatusAccepted,
			Detail: "Goes on when the request has ended. One model is fetched at a time, the others are queued."}},
		{Method: http.MethodPost, Path: "/v1/admin/models/:id/pause", Access: operators, Handle: a.pause, Op: edge.Op{
			Tag: tag, Summary: "Stop a download and keep what has come", Response: ManagedModel{},
			Detail: "A model that is not `resumable` begins anew the next time."}},
		{Method: http.MethodDelete, Path: "/v1/admin/models/:id", Access: operators, Handle: a.remove, Op: edge.Op{
			Tag: tag, Summary: "Remove a model's file, and what an unfinished download left", Status: http.StatusNoContent}},
		{Method: http.MethodPost, Path: "/v1/admin/models/:id/load", Access: operators, Handle: a.load, Op: edge.Op{
			Tag: tag, Summary: "Load an installed model into memory, and answer when it is ready", Response: ManagedModel{}}},
		{Method: http.MethodPost, Path: "/v1/admin/models/:id/unload", Access: operators, Handle: a.unload, Op: edge.Op{
			Tag: tag, Summary: "Free a model's memory as soon as nobody uses it", Response: ManagedModel{}}},
		{Method: http.MethodPost, Path: "/v1/admin/engine/pull", Access: operators, Handle: a.pullEngine, Op: edge.Op{
			Tag: tag, Summary: "Begin to install the libraries that run models", Response: ManagedEngine{}, Status: http.StatusAccepted}},
		{Method: http.MethodPost, Path: "/v1/admin/engine/pause", Access: operators, Handle: a.pauseEngine, Op: edge.Op{
			Tag: tag, Summary: "Stop the download of the engine", Response: ManagedEngine{}}},
		{Method: http.MethodGet, Path: "/v1/admin/model-defaults", Access: admin, Handle: a.getDefaults, Op: edge.Op{
			Tag: tag, Summary: "Tell which model each role gets where a request names none", Response: ModelDefaults{}}},
		{Method: http.MethodPut, Path: "/v1/admin/model-defaults", Access: admin, Handle: a.putDefaults, Op: edge.Op{
			Tag: tag, Summary: "Choose the model that each role gets", Request: ModelDefaults{}, Response: ModelDefaults{}}},
	}
}

// ModelCatalogue is everything that is or can be installed.
type ModelCatalogue struct {
	Data      []ManagedModel `json:"data"`
	Engine    ManagedEngine  `json:"engine"`
	FreeBytes int64          `json:"free_bytes" description:"Of the disk on which the models lie."`
}

// ManagedModel is a model of the catalogue, or a file that somebody put into the models folder.
type ManagedModel struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Kind           serving.Kind      `json:"kind,omitempty" enum:"chat,embed,rerank" description:"Absent for a file that cannot be read."`
	Description    string            `json:"description"`
	SizeBytes      int64             `json:"size_bytes" description:"Of the file in use."`
	SizeExact      bool              `json:"size_exact"`
	MemoryBytes    int64             `json:"memory_bytes,omitempty" description:"What a conversation of full length is expected to take, weights included."`
	Context        int               `json:"context,omitempty"`
	Parameters     int64             `json:"parameters,omitempty"`
	Quantisation   string            `json:"quantisation,omitempty" description:"Of most weights of the file in use."`
	Licence        string            `json:"licence"`
	LicenceURL     string            `json:"licence_url,omitempty" description:"To read before use."`
	Source         string            `json:"source" description:"Empty for a file of one's own."`
	Resumable      bool              `json:"resumable" description:"A paused download goes on where it was."`
	Tuned          *TunedModel       `json:"tuned,omitempty" description:"What a comparison with another type has shown."`
	Adapter        *ManagedAdapter   `json:"adapter,omitempty" description:"Of a LoRA adapter: what it changes."`
	Vision         bool              `json:"vision" description:"A projector lies beside it, so that messages may hold images."`
	Installed      bool              `json:"installed"`
	InstalledBytes int64             `json:"installed_bytes,omitempty"`
	Loaded         bool              `json:"loaded"`
	LoadedBytes    uint64            `json:"loaded_bytes,omitempty" description:"Native memory, as far as the engine tells."`
	Default        bool              `json:"default" description:"The install's default of its kind."`
	State          catalogue.State   `json:"state" enum:"available,queued,downloading,verifying,paused,failed,installed"`
	Progress       *DownloadProgress `json:"progress" description:"Of the step that the state names; null when it is not known."`
	Error          string            `json:"error" description:"Why it failed, or why the file cannot be used."`
}

// TunedModel is how a model and one of another type that was made of it compare on this machine.
type TunedModel struct {
	From       string     `json:"from" description:"The type that was installed."`
	Type       string     `json:"type" description:"The type that was tried."`
	Used       bool       `json:"used" description:"The one of that type is used; the installed file is kept."`
	Before     ModelSpeed `json:"before" description:"As it was installed."`
	After      ModelSpeed `json:"after" description:"As the type that was tried."`
	Ratio      float64    `json:"ratio" description:"How many times as fast it answers; 0 when that was not measured, since its answers differ."`
	LeastRatio float64    `json:"least_ratio" description:"Of the round in which it did worst."`
	Divergence float64    `json:"divergence" description:"By how much its first tokens differ, in nats."`
	Rounds     int        `json:"rounds" description:"How often both were measured."`
	Machine    string     `json:"machine"`
	Engine     string     `json:"engine"`
	MeasuredAt time.Time  `json:"measured_at"`
}

// ManagedAdapter says of which model an adapter is, and for whom.
type ManagedAdapter struct {
	Base    string   `json:"base" description:"Id of the model that it changes."`
	Scale   float32  `json:"scale" description:"How much of it is added; 1 is what it was trained for."`
	Tenants []string `json:"tenants" description:"Ids of the only tenants that have it; empty means all."`
}

// ModelSpeed is in tokens a second; 0 when it was not measured.
type ModelSpeed struct {
	Prompt       float64 `json:"prompt" description:"Of a prompt."`
	OneAnswer    float64 `json:"one_answer"`
	EightAnswers float64 `json:"eight_answers" description:"Of eight at once, together."`
}

// DownloadProgress is how far a download is.
type DownloadProgress struct {
	DoneBytes      int64 `json:"done_bytes"`
	TotalBytes     int64 `json:"total_bytes"`
	BytesPerSecond int64 `json:"bytes_per_second" description:"0 while it stands still or is not known yet."`
}

// ManagedEngine is the libraries that run models. Without them no model can be loaded.
type ManagedEngine struct {
	Ready     bool              `json:"ready"`
	Version   string            `json:"version,omitempty" description:"Of llama.cpp; absent for a folder of one's own."`
	Platform  string            `json:"platform,omitempty"`
	Licence   string            `json:"licence,omitempty"`
	SizeBytes int64             `json:"size_bytes,omitempty" description:"Of the download."`
	State     catalogue.State   `json:"state" enum:"available,queued,downloading,verifying,failed,installed"`
	Progress  *DownloadProgress `json:"progress"`
	Error     string            `json:"error"`
}

// ModelDefaults is which model each role gets where a request names none.
type ModelDefaults struct {
	Chat RoleDefaults `json:"chat" required:"true"`
}

// RoleDefaults names a model a role. An empty one takes the default, and an empty default the install's.
type RoleDefaults struct {
	Default string `json:"default" required:"true"`
	Owner   string `json:"owner,omitempty"`
	Admin   string `json:"admin,omitempty"`
	Member  string `json:"member,omitempty"`
	Viewer  string `json:"viewer,omitempty"`
}

func newProgress(t *catalogue.Transfer) *DownloadProgress {
	if t == nil {
		return nil
	}
	return &DownloadProgress{DoneBytes: t.Done, TotalBytes: t.Total, BytesPerSecond: t.PerSecond}
}

func newManagedModel(d catalogue.Download, loaded map[string]serving.Info) ManagedModel {
	m := ManagedModel{
		ID: d.ID, Name: d.Name, Kind: d.Kind, Description: d.Description, SizeBytes: d.Bytes(), SizeExact: d.Size > 0,
		MemoryBytes: d.Memory(), Context: d.Context, Parameters: d.Parameters, Quantisation: d.Quantization,
		Licence: d.License, LicenceURL: d.LicenseURL, Source: d.Source.String(), Resumable: d.Source.Kind == catalogue.FromHub,
		Tuned: newTunedModel(d.Tuned), Installed: d.Usable(), Default: d.Default, State: d.State, Progress: newProgress(d.Transfer), Error: d.Problem,
	}
	m.Vision = d.Projector != ""
	if a := d.Adapter; a != nil {
		m.Adapter = &ManagedAdapter{Base: a.Base, Scale: a.Scale, Tenants: append([]string{}, a.Tenants...)}
	}
	switch d.State {
	case catalogue.StateByHand:
		m.State = catalogue.StateInstalled
	case catalogue.StateDamaged:
		m.State = catalogue.StateFailed
	}
	if m.Installed {
		m.InstalledBytes = d.Size
	}
	if info, ok := loaded[d.ID]; ok {
		m.Loaded, m.LoadedBytes = true, info.MemoryBytes
	}
	return m
}

func newTunedModel(t *catalogue.Tuned) *TunedModel {
	if t == nil {
		return nil
	}
	v := t.Verdict
	return &TunedModel{
		From: t.From, Type: t.Type, Used: t.Used(), Before: newModelSpeed(v.Source), After: newModelSpeed(v.Candidate), Ratio: v.Ratio(), LeastRatio: v.Least,
		Divergence: v.Divergence, Rounds: v.Rounds, Machine: t.Machine, Engine: t.Engine, MeasuredAt: t.At,
	}
}

func newModelSpeed(s tune.Speed) ModelSpeed {
	return ModelSpeed{Prompt: s.Prefill, OneAnswer: s.One, EightAnswers: s.Eight}
}

func newManagedEngine(d catalogue.EngineDownload) ManagedEngine {
	return ManagedEngine{
		Ready: d.Path != "", Version: d.Version, Platform: d.Platform, Licence: d.License, SizeBytes: d.Bytes,
		State: d.State, Progress: newProgress(d.Transfer), Error: d.Problem,
	}
}

func (a *modelAPI) list(c echo.Context) error {
	all, err := a.downloads.List()
	if err != nil {
		return err
	}
	free, err := a.downloads.Free()
	if err != nil {
		return err
	}
	out := ModelCatalogue{
		Data: make([]ManagedModel, 0, len(all)), FreeBytes: free,
		Engine: newManagedEngine(a.downloads.Engine(c.Request().Context())),
	}
	loaded := a.serving.Loaded()
	for _, d := range all {
		out.Data = append(out.Data, newManagedModel(d, loaded))
	}
	return c.JSON(http.StatusOK, out)
}

// tell answers with the model as it is now.
func (a *modelAPI) tell(c echo.Context, status int) error {
	d, err := a.downloads.Get(c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(status, newManagedModel(d, a.serving.Loaded()))
}

func (a *modelAPI) pull(c echo.Context) error {
	if err := a.downloads.Pull(c.Param("id")); err != nil {
		return err
	}
	return a.tell(c, http.StatusAccepted)
}

func (a *modelAPI) pause(c echo.Context) error {
	if err := a.downloads.Pause(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return a.tell(c, http.StatusOK)
}

// remove deletes the file before it frees the memory: afterwards no request can load it again.
func (a *modelAPI) remove(c echo.Context) error {
	if err := a.downloads.Remove(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	a.serving.Unload(c.Param("id"))
	return c.NoContent(http.StatusNoContent)
}

func (a *modelAPI) load(c echo.Context) error {
	d, err := a.downloads.Get(c.Param("id"))
	if err != nil {
		return err
	}
	if !d.Usable() {
		return fault.Conflict("%s", cmp.Or(d.Problem, d.ID+" is not installed; download it first")).OfKind("not_installed")
	}
	m, err := a.serving.Resolve("", d.Kind, d.ID)
	if err != nil {
		return err
	}
	if err := a.serving.Load(c.Request().Context(), m); err != nil {
		return err
	}
	return a.tell(c, http.StatusOK)
}

func (a *modelAPI) unload(c echo.Context) error {
	if _, err := a.downloads.Get(c.Param("id")); err != nil {
		return err
	}
	a.serving.Unload(c.Param("id"))
	return a.tell(c, http.StatusOK)
}

func (a *modelAPI) pullEngine(c echo.Context) error {
	if err := a.downloads.PullEngine(); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, newManagedEngine(a.downloads.Engine(c.Request().Context())))
}

func (a *modelAPI) pauseEngine(c echo.Context) error {
	if err := a.downloads.PauseEngine(c.Request().Context()); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newManagedEngine(a.downloads.Engine(c.Request().Context())))
}

func (a *modelAPI) getDefaults(c echo.Context) error {
	d, err := a.defaults.Get(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ModelDefaults{Chat: RoleDefaults{
		Default: d[""], Owner: d[chat.RoleOwner], Admin: d[chat.RoleAdmin], Member: d[chat.RoleMember], Viewer: d[chat.RoleViewer],
	}})
}

func (a *modelAPI) putDefaults(c echo.Context) error {
	req, err := edge.Decode[ModelDefaults](c)
	if err != nil {
		return err
	}
	r := req.Chat
	err = a.defaults.Put(c.Request().Context(), edge.Identity(c).Scope, defaults.Choice{
		"": r.Default, chat.RoleOwner: r.Owner, chat.RoleAdmin: r.Admin, chat.RoleMember: r.Member, chat.RoleViewer: r.Viewer,
	})
	if err != nil {
		return err
	}
	return a.getDefaults(c)
}
