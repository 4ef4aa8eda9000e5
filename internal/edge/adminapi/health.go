package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
)

// HealthRoutes are the endpoints that tell how the server does. report looks at it.
func HealthRoutes(report func(ctx context.Context) (HealthReport, error)) []edge.Route {
	return []edge.Route{{
		Method: http.MethodGet, Path: "/v1/admin/health", Access: edge.Operators(), Op: edge.Op{
			Tag: "Administration: health", Summary: "Tell how the server does", Response: HealthReport{},
			Detail: "The checks are those of `parley doctor`.",
		},
		Handle: func(c echo.Context) error {
			r, err := report(c.Request().Context())
			if err != nil {
				return err
			}
			return c.JSON(http.StatusOK, r)
		},
	}}
}

// HealthReport is how the server does at this moment.
type HealthReport struct {
	Version   string         `json:"version"`
	StartedAt time.Time      `json:"started_at"`
	UptimeS   int64          `json:"uptime_s"`
	Checks    []HealthCheck  `json:"checks"`
	Process   ProcessHealth  `json:"process"`
	Memory    MemoryHealth   `json:"memory"`
	Disk      DiskHealth     `json:"disk"`
	Database  DatabaseHealth `json:"database"`
	Engine    EngineHealth   `json:"engine"`
	Queue     QueueHealth    `json:"queue"`
	Models    []LoadedModel  `json:"models_loaded"`
}

// HealthCheck is one thing that was looked at.
type HealthCheck struct {
	Name   string `json:"name"`
	State  string `json:"state" enum:"ok,warn,fail"`
	Detail string `json:"detail"`
	Fix    string `json:"fix" description:"The command that mends it, or empty."`
}

// ProcessHealth is what the process takes. Where the system does not tell a figure, it is absent.
type ProcessHealth struct {
	RSSBytes   int64 `json:"rss_bytes,omitempty"`
	OpenFiles  int   `json:"open_files,omitempty"`
	Goroutines int   `json:"goroutines"`
	CPUCores   int   `json:"cpu_cores"`
}

// MemoryHealth is the memory of the machine, or of the container if that has less. Where the system does
// not tell, both are 0.
type MemoryHealth struct {
	TotalBytes     int64 `json:"total_bytes"`
	AvailableBytes int64 `json:"available_bytes" description:"Without swapping."`
}

// DiskHealth is the file system of the data folder.
type DiskHealth struct {
	FreeBytes  int64 `json:"data_free_bytes"`
	TotalBytes int64 `json:"data_total_bytes"`
}

// DatabaseHealth is the database. The size is 0 when it does not answer.
type DatabaseHealth struct {
	Kind          string `json:"kind" enum:"sqlite,postgres"`
	SizeBytes     int64  `json:"size_bytes"`
	SchemaVersion int64  `json:"schema_version"`
}

// EngineHealth is the libraries that run models.
type EngineHealth struct {
	Ready   bool   `json:"ready"`
	Path    string `json:"path"`
	Version string `json:"version" description:"Of llama.cpp; empty for a folder of one's own."`
	Error   string `json:"error"`

	Isolation string `json:"isolation" enum:"none,process" description:"Whether models run in a process of their own, whose death ends the running answers and not the server."`
	PID       int    `json:"pid,omitempty" description:"Of the engine's own process, while there is one."`
	Restarts  int64  `json:"restarts" description:"How often that process has died and was started again."`
}

// QueueHealth counts requests to all models.
type QueueHealth struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"`
}

// LoadedModel is a model in memory.
type LoadedModel struct {
	ID      string `json:"id"`
	Bytes   uint64 `json:"bytes" description:"Native memory, as far as the engine tells."`
	Context int    `json:"context"`
	Slots   int    `json:"slots"`
}
