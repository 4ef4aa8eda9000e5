// Package configs holds the tables and the explained configuration that ship inside the binary.
package configs

import "embed"

// FS has the YAML files of this folder: models.yaml and engines.yaml, which serving/catalogue reads.
//
//go:embed *.yaml
var FS embed.FS
