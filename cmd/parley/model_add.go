package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/tenancy"
)

// newModelAddCmd makes `parley model add`.
func newModelAddCmd(tools modelTools) *cobra.Command {
	var id string
	var tenants []string
	a := catalogue.Adapter{Scale: 1}
	cmd := &cobra.Command{
		Use: "add FILE --base ID", Short: "Install a LoRA adapter of an installed model as a model of its own name", Args: cobra.ExactArgs(1),
		Long: `Install a LoRA adapter (a GGUF file, as llama.cpp's convert_lora_to_gguf.py writes it) of an installed chat model. It is
then a model of its own name, which shares the memory and the engine of its base. The file is checked against the base and
copied. With --tenant it exists for these tenants only.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := tools.open(cmd)
			if err != nil {
				return err
			}
			id := cmp.Or(id, strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))
			if len(tenants) > 0 {
				if a.Tenants, err = tenantIDs(cmd.Context(), tools.accounts, tenants); err != nil {
					return err
				}
			}
			p := newPullProgress(cmd.ErrOrStderr())
			defer p.finish()
			if err := c.AddAdapter(cmd.Context(), args[0], id, a, p); err != nil {
				return err
			}
			p.finish()
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Installed: %s, an adapter of %s.\n", id, a.Base)
			return err
		},
	}
	cmd.Flags().StringVar(&a.Base, "base", "", "id of the model that it changes")
	cmd.Flags().StringVar(&id, "id", "", "its own id (default: the name of the file)")
	cmd.Flags().Float32Var(&a.Scale, "scale", a.Scale, "how much of it is added; 1 is what it was trained for")
	cmd.Flags().StringSliceVar(&tenants, "tenant", nil, "slug of a tenant that has it; may be given several times (default: all)")
	_ = cmd.MarkFlagRequired("base") // the flag exists
	return cmd
}

// tenantIDs finds tenants by their slugs.
func tenantIDs(ctx context.Context, open openAccounts, slugs []string) ([]string, error) {
	svc, done, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	all, err := svc.Tenants(ctx, tenancy.Console(""))
	if err != nil {
		return nil, err
	}
	bySlug := map[string]string{}
	for _, t := range all {
		bySlug[t.Slug] = t.ID
	}
	var ids []string
	for _, slug := range slugs {
		id, ok := bySlug[slug]
		if !ok {
			return nil, fault.NotFound("there is no tenant %q; see: parley tenant list", slug)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
