package cmd

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/server"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/worker"
	"github.com/seed-7d77cb5c/easel/web"
)

// serveOptions are the settings of `serve`.
type serveOptions struct {
	app        *app
	database   databaseOptions
	listen     string
	workers    int
	workerOnly bool
	backend    string
	out        string
	inputs     string
	origins    []string
	hosts      []string
	cert, key  string
	grace      time.Duration
	keep       time.Duration

	keepUploads time.Duration
	rate        int
	private     bool
}

func newServeCmd(a *app) *cobra.Command {
	o := &serveOptions{app: a, database: databaseOptions{app: a}}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve workflows as an HTTP API with a durable queue",
		Long: `Serve the workflows as an HTTP API: jobs are written to a database before they
are accepted, run on the backend in their order, and leave their results in
the store. What was accepted survives a crash, and a run that was submitted is
collected and not computed again.

Programs on this machine need no key. Any other address needs one for every
request: easel serve keys add NAME. A browser on this machine uses the link
that is printed at the start.`,
		Example: `  easel serve
  easel serve --listen 0.0.0.0:7860 --database postgres://easel@db/easel
  easel serve --worker-only --database postgres://easel@db/easel
  curl -d '{"workflow_id":"flux_single","prompt":"fox"}' \
    http://127.0.0.1:7860/api/v1/generate`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(c.Flags()); err != nil {
				return err
			}
			return runServe(c.Context(), o)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.listen, "listen", "127.0.0.1:7860", "`HOST:PORT` to listen on; port 0 = any free one")
	o.database.addFlags(f)
	f.IntVar(&o.workers, "workers", 2, "run `N` jobs at once; 0 = only accept them")
	f.BoolVar(&o.workerOnly, "worker-only", false, "run jobs and listen to nobody")
	f.StringVarP(&o.backend, "backend", "b", "", "`NAME|URL` of the backend where jobs run; several: a,b")
	f.StringVarP(&o.out, "out", "o", "", "store results in a folder `DIR` or a bucket (default ./outputs)")
	f.StringVar(&o.inputs, "inputs", "", "let requests name input files below `DIR`")
	f.StringArrayVar(&o.origins, "allow-origin", nil, "let pages of an `ORIGIN` such as http://localhost:5173 use the API with a key (repeatable)")
	f.StringArrayVar(&o.hosts, "host", nil, "a further `NAME` of this server, as browsers write it (repeatable)")
	f.StringVar(&o.cert, "tls-cert", "", "serve HTTPS with the certificate in `FILE`")
	f.StringVar(&o.key, "tls-key", "", "the key of the certificate in `FILE`")
	f.DurationVar(&o.grace, "grace", 30*time.Second, "on SIGTERM let running jobs end for `DURATION`, then hand them back")
	f.DurationVar(&o.keep, "keep", 0, "delete jobs and their results `DURATION` after they ended, such as 720h; 0 = never")
	f.DurationVar(&o.keepUploads, "keep-uploads", 30*24*time.Hour, "delete uploaded inputs `DURATION` after they came, unless a job waits for them; 0 = never")
	f.IntVar(&o.rate, "jobs-per-minute", server.DefaultLimits.Rate, "let a key make `N` jobs a minute; the owner of the machine has no limit")
	f.BoolVar(&o.private, "allow-private", false, "let requests name inputs and webhooks at addresses of this network")
	_ = c.RegisterFlagCompletionFunc("backend", a.completeBackends)
	c.AddCommand(newServeKeysCmd(a))
	return c
}

// check refuses flags that say nothing, or nothing together.
func (o *serveOptions) check(f *pflag.FlagSet) error {
	if (o.cert == "") != (o.key == "") {
		return usagef("give both or none", "--tls-cert and --tls-key belong together")
	}
	if o.rate < 1 || o.keep < 0 || o.keepUploads < 0 || o.grace < 0 {
		return usagef("leave it out", "--jobs-per-minute is at least 1, and no duration is below 0")
	}
	if o.workers < 0 || (o.workerOnly && o.workers == 0) {
		return usagef("write --workers 2", "--workers takes a number of jobs, at least 1 with --worker-only")
	}
	for _, name := range []string{"listen", "allow-origin", "host", "tls-cert", "keep", "keep-uploads", "jobs-per-minute"} {
		if o.workerOnly && f.Changed(name) {
			return usagef("leave one of them out", "--worker-only listens to nobody, so --%s is of no use", name)
		}
	}
	for _, origin := range o.origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || origin != u.Scheme+"://"+strings.ToLower(u.Host) {
			return usagef("write --allow-origin http://localhost:5173", "--allow-origin takes an origin as browsers send it, not %q", origin)
		}
	}
	for _, host := range o.hosts {
		if _, err := netip.ParseAddr(host); err != nil && (host == "" || strings.ContainsAny(host, ":/@ ")) {
			return usagef("write --host team.example", "--host takes a name without scheme and port, not %q", host)
		}
	}
	return nil
}

func runServe(ctx context.Context, o *serveOptions) error {
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	files, err := o.openFiles(cfg.DataDir)
	if err != nil {
		return err
	}
	defer files.Close()
	dest, err := (&outputOptions{out: cmp.Or(o.out, cfg.Out)}).open(ctx, o.app, false)
	if err != nil {
		return err
	}
	defer dest.close()
	dir, closeDir, err := o.openInputs()
	if err != nil {
		return err
	}
	defer func() { _ = closeDir() }() // it was read only

	live := o.app.follow(cfg)
	if _, err := live.Registry(); err != nil {
		return err
	}
	if !o.app.streams.ErrTTY { // who closes a terminal wants an end
		defer onHangup(func() {
			if err := live.Reload(); err != nil {
				o.app.logger().Error("the registry cannot be read: the one of before stays", "error", err)
				return
			}
			o.app.logger().Info("the registry was read anew")
		})()
	}
	options := jobs.Options{Workers: o.workers, Log: o.app.logger()}
	places, closeAll, err := o.openBackends(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeAll()
	var work *worker.Worker
	if o.workers > 0 {
		work = o.worker(places, dest, &server.Inputs{Files: files, Dir: dir, Private: o.private}, cfg)
		options.Work, options.Discard = work.Work, work.Discard
	}
	db, err := o.database.open(ctx, options)
	if err != nil {
		return err
	}
	if err := db.Start(ctx); err != nil {
		return errors.Join(err, db.Close(ctx))
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.grace)
		defer cancel()
		if err := db.Close(stop); err != nil {
			o.app.logger().Warn("closing the database", "error", err)
		}
	}()
	if work != nil {
		reporting, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); work.Report(reporting, db) }()
		defer func() { stop(); <-done }() // before the database is closed
	}
	if o.workerOnly {
		o.app.note("running jobs of %s", jobs.Shown(o.database.address()))
		<-ctx.Done()
		return nil // asked to stop, it does
	}
	return o.serve(ctx, db, server.Options{
		DB: db, Catalog: o.app.catalog, Store: dest.store, Files: files, Inputs: dir, Private: o.private, Own: live.own, Changed: live.Reload,
		Backends: o.asked(places, cfg),
	})
}

// serve answers requests until ctx ends.
func (o *serveOptions) serve(ctx context.Context, db *jobs.DB, so server.Options) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return listenError(o.listen, err)
	}
	defer listener.Close()
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return err
	}
	if err := o.checkOpen(ctx, db, at); err != nil {
		return err
	}
	secret, err := o.secret()
	if err != nil {
		return err
	}
	so.Secret, so.Listen, so.Origins, so.Hosts = secret, at, o.origins, o.hosts
	so.Version, so.Log, so.UI = o.app.version(), o.app.logger(), web.Handler()
	so.Limits = server.Limits{Rate: o.rate}
	s := server.New(so)
	h := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	scheme := "http"
	if o.cert != "" {
		scheme = "https"
		pair, err := tls.LoadX509KeyPair(o.app.path(o.cert), o.app.path(o.key))
		if err != nil {
			return &invalidError{"the certificate cannot be used: " + err.Error(), "--tls-cert and --tls-key take PEM files"}
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	ctx, stopAll := context.WithCancel(ctx)
	defer stopAll()
	hooks, err := o.webhooks(db, s)
	if err != nil {
		return err
	}
	go hooks.Run(ctx)
	go o.tidy(ctx, s)
	address := scheme + "://" + at.String()
	if err := o.announce(address, s.LoginLink()); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		s.Close()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if h.Shutdown(end) != nil {
			h.Close()
		}
	})
	defer stop()
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", o.listen, err)
	}
	return nil // asked to stop, it did
}

// announce prints the address on stdout, and the link for a browser on stderr.
func (o *serveOptions) announce(address, link string) error {
	o.app.note("open %s%s in a browser of this machine (valid for ten minutes)", address, link)
	if o.app.global.json {
		return o.app.printJSON(map[string]string{"url": address})
	}
	_, err := fmt.Fprintln(o.app.streams.Out, address)
	return err
}

// checkOpen refuses to serve others without any key.
func (o *serveOptions) checkOpen(ctx context.Context, db *jobs.DB, at netip.AddrPort) error {
	if at.Addr().IsLoopback() {
		return nil
	}
	keys, err := db.Keys(ctx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return &invalidError{"others than this machine can reach " + o.listen + ", and there is no key", "easel serve keys add NAME makes one"}
	}
	return nil
}

// openFiles opens the store of uploads and thumbnails.
func (o *serveOptions) openFiles(data string) (storage.Store, error) {
	return o.app.stores().Open(filepath.Join(data, "serve", "files"))
}

// openInputs opens the folder of inputs; nothing outside of it is reached, by
// no link either.
func (o *serveOptions) openInputs() (open func(string) (io.ReadCloser, error), closeDir func() error, err error) {
	if o.inputs == "" {
		return nil, func() error { return nil }, nil
	}
	root, err := os.OpenRoot(o.app.path(o.inputs))
	if err != nil {
		return nil, nil, &invalidError{"--inputs: " + err.Error(), "it takes a folder"}
	}
	return func(name string) (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) }, root.Close, nil
}
