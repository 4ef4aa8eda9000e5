package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/secrets"
)

func newMasterKeyCmd(open openVault) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "master-key",
		Short: "Look at, make and rotate the key that wraps every tenant's key",
	}
	cmd.AddCommand(masterKeyShow(open), masterKeyNew(), masterKeyRotate(open))
	return cmd
}

func masterKeyShow(open openVault) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Tell the master key's fingerprint and where it is, and check that it fits the database",
		Args:  cobra.NoArgs,
		RunE: open.with(func(cmd *cobra.Command, v *vault, _ []string) error {
			k, err := secrets.Open(cmd.Context(), v.DB, v.Master, v.Log)
			if err != nil {
				return err
			}
			fingerprint, source := k.Master()
			fmt.Fprintf(cmd.OutOrStdout(), "master key %s from %s fits this database\n", fingerprint, source)
			return nil
		}),
	}
}

func masterKeyNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new",
		Short: "Print a fresh master key, for PARLEY_MASTER_KEY; nothing is changed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintln(cmd.OutOrStdout(), secrets.NewMasterKey().Reveal())
			return nil
		},
	}
}

// rotateByHand is for a key that an operator keeps, where only the operator can change it.
const rotateByHand = `the master key comes from the configuration, so the change begins there:
  1. make a new key:                parley master-key new
  2. set both, the new one first:   PARLEY_MASTER_KEY=NEW,OLD
  3. start the server again; it wraps every tenant's key anew
  4. take the old key out:          PARLEY_MASTER_KEY=NEW`

func masterKeyRotate(open openVault) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Put a new master key in the place of the old one, while the server runs",
		Long: "Put a new master key in the place of the old one. Texts are not touched: only the tenants' keys are\n" +
			"wrapped anew. Backups made before need the old key: keep a copy of it as long as you keep them.",
		Args: cobra.NoArgs,
		RunE: open.with(func(cmd *cobra.Command, v *vault, _ []string) error {
			if v.Master.Key != "" {
				return fmt.Errorf("%s", rotateByHand)
			}
			k, err := secrets.Open(cmd.Context(), v.DB, v.Master, v.Log)
			if err != nil {
				return err
			}
			old, _ := k.Master()
			if err := k.RotateMaster(cmd.Context(), secrets.NewMasterKey()); err != nil {
				return err
			}
			now, source := k.Master()
			fmt.Fprintf(cmd.OutOrStdout(), "master key %s is replaced by %s in %s\n"+
				"Keep a copy of it apart from the backups. Those made before need the old one.\n", old, now, source)
			return nil
		}),
	}
}
