// Command oracle says which of its routes a Docker engine takes for a request.
//
// The engine's router is gorilla/mux, so the answers come from that, with the engine's patterns in the engine's order: the
// first route that fits is taken. The argument is the edition of the engine, by its API version: 1.41 (Docker 20.10) or
// 1.55. Each line of the input is `METHOD TARGET`; the line that answers it is
//
//	METHOD SHAPE <tab> VERSION <tab> VALUES <tab> QUERY
//
// with the route's pattern, its variables written as {}; the version of the path, or nothing; the variables' values with
// commas between them; and the query as the engine's handlers see it, sorted by name. Or it is one of the words none (the
// engine says 404), redirect (it says 301), badrequest (it cannot read the request) and badquery (nor the query).
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/gorilla/mux"
)

const versionMatcher = "/v{version:[0-9.]+}"

const (
	oldest = "1.41"
	newest = "1.55"
)

// route is one of the engine's; only is the edition that alone has it, if there is one.
type route struct {
	method, path, only string
}

var routes = []route{
	// The checkpoints, before the containers: their DELETE would be the container's otherwise.
	{"GET", "/containers/{name:.*}/checkpoints", ""},
	{"POST", "/containers/{name:.*}/checkpoints", ""},
	{"DELETE", "/containers/{name}/checkpoints/{checkpoint}", ""},
	// The containers.
	{"HEAD", "/containers/{name:.*}/archive", ""},
	{"GET", "/containers/json", ""},
	{"GET", "/containers/{name:.*}/export", ""},
	{"GET", "/containers/{name:.*}/changes", ""},
	{"GET", "/containers/{name:.*}/json", ""},
	{"GET", "/containers/{name:.*}/top", ""},
	{"GET", "/containers/{name:.*}/logs", ""},
	{"GET", "/containers/{name:.*}/stats", ""},
	{"GET", "/containers/{name:.*}/attach/ws", ""},
	{"GET", "/exec/{id:.*}/json", ""},
	{"GET", "/containers/{name:.*}/archive", ""},
	{"POST", "/containers/create", ""},
	{"POST", "/containers/{name:.*}/kill", ""},
	{"POST", "/containers/{name:.*}/pause", ""},
	{"POST", "/containers/{name:.*}/unpause", ""},
	{"POST", "/containers/{name:.*}/restart", ""},
	{"POST", "/containers/{name:.*}/start", ""},
	{"POST", "/containers/{name:.*}/stop", ""},
	{"POST", "/containers/{name:.*}/wait", ""},
	{"POST", "/containers/{name:.*}/resize", ""},
	{"POST", "/containers/{name:.*}/attach", ""},
	{"POST", "/containers/{name:.*}/copy", oldest},
	{"POST", "/containers/{name:.*}/exec", ""},
	{"POST", "/exec/{name:.*}/start", ""},
	{"POST", "/exec/{name:.*}/resize", ""},
	{"POST", "/containers/{name:.*}/rename", ""},
	{"POST", "/containers/{name:.*}/update", ""},
	{"POST", "/containers/prune", ""},
	{"POST", "/commit", ""},
	{"PUT", "/containers/{name:.*}/archive", ""},
	{"DELETE", "/containers/{name:.*}", ""},
	// The images.
	{"GET", "/images/json", ""},
	{"GET", "/images/search", ""},
	{"GET", "/images/get", ""},
	{"GET", "/images/{name:.*}/get", ""},
	{"GET", "/images/{name:.*}/history", ""},
	{"GET", "/images/{name:.*}/json", ""},
	{"GET", "/images/{name:.*}/attestations", newest},
	{"POST", "/images/load", ""},
	{"POST", "/images/create", ""},
	{"POST", "/images/{name:.*}/push", ""},
	{"POST", "/images/{name:.*}/tag", ""},
	{"POST", "/images/prune", ""},
	{"DELETE", "/images/{name:.*}", ""},
	// The system.
	{"OPTIONS", "/{anyroute:.*}", ""},
	{"GET", "/_ping", ""},
	{"HEAD", "/_ping", ""},
	{"GET", "/events", ""},
	{"GET", "/info", ""},
	{"GET", "/version", ""},
	{"GET", "/system/df", ""},
	{"POST", "/auth", ""},
	// The volumes.
	{"GET", "/volumes", ""},
	{"GET", "/volumes/{name:.*}", ""},
	{"POST", "/volumes/create", ""},
	{"POST", "/volumes/prune", ""},
	{"PUT", "/volumes/{name:.*}", newest},
	{"DELETE", "/volumes/{name:.*}", ""},
	// Builds, and what builds talk over.
	{"POST", "/build", ""},
	{"POST", "/build/prune", ""},
	{"POST", "/build/cancel", ""},
	{"POST", "/session", ""},
	// The swarm.
	{"POST", "/swarm/init", ""},
	{"POST", "/swarm/join", ""},
	{"POST", "/swarm/leave", ""},
	{"GET", "/swarm", ""},
	{"GET", "/swarm/unlockkey", ""},
	{"POST", "/swarm/update", ""},
	{"POST", "/swarm/unlock", ""},
	{"GET", "/services", ""},
	{"GET", "/services/{id}", ""},
	{"POST", "/services/create", ""},
	{"POST", "/services/{id}/update", ""},
	{"DELETE", "/services/{id}", ""},
	{"GET", "/services/{id}/logs", ""},
	{"GET", "/nodes", ""},
	{"GET", "/nodes/{id}", ""},
	{"DELETE", "/nodes/{id}", ""},
	{"POST", "/nodes/{id}/update", ""},
	{"GET", "/tasks", ""},
	{"GET", "/tasks/{id}", ""},
	{"GET", "/tasks/{id}/logs", ""},
	{"GET", "/secrets", ""},
	{"POST", "/secrets/create", ""},
	{"DELETE", "/secrets/{id}", ""},
	{"GET", "/secrets/{id}", ""},
	{"POST", "/secrets/{id}/update", ""},
	{"GET", "/configs", ""},
	{"POST", "/configs/create", ""},
	{"DELETE", "/configs/{id}", ""},
	{"GET", "/configs/{id}", ""},
	{"POST", "/configs/{id}/update", ""},
	// The plugins.
	{"GET", "/plugins", ""},
	{"GET", "/plugins/{name:.*}/json", ""},
	{"GET", "/plugins/privileges", ""},
	{"DELETE", "/plugins/{name:.*}", ""},
	{"POST", "/plugins/{name:.*}/enable", ""},
	{"POST", "/plugins/{name:.*}/disable", ""},
	{"POST", "/plugins/pull", ""},
	{"POST", "/plugins/{name:.*}/push", ""},
	{"POST", "/plugins/{name:.*}/upgrade", ""},
	{"POST", "/plugins/{name:.*}/set", ""},
	{"POST", "/plugins/create", ""},
	// The registries.
	{"GET", "/distribution/{name:.*}/json", ""},
	{"POST", "/grpc", ""},
	// The networks.
	{"GET", "/networks", ""},
	{"GET", "/networks/", ""},
	{"GET", "/networks/{id:.+}", ""},
	{"POST", "/networks/create", ""},
	{"POST", "/networks/{id:.*}/connect", ""},
	{"POST", "/networks/{id:.*}/disconnect", ""},
	{"POST", "/networks/prune", ""},
	{"DELETE", "/networks/{id:.*}", ""},
}

var debugPages = []string{
	"/debug/vars",
	"/debug/pprof/",
	"/debug/pprof/cmdline",
	"/debug/pprof/profile",
	"/debug/pprof/symbol",
	"/debug/pprof/trace",
	"/debug/pprof/{name}",
}

var variable = regexp.MustCompile(`\{([^:}]+)[^}]*\}`)

// router registers what the engine of this edition registers.
func router(edition string) *mux.Router {
	m := mux.NewRouter()
	for _, r := range routes {
		if r.only == "" || r.only == edition {
			taken := taken(r.method, r.path)
			m.Path(versionMatcher + r.path).Methods(r.method).Handler(taken)
			m.Path(r.path).Methods(r.method).Handler(taken)
		}
	}
	for _, path := range debugPages {
		if edition == oldest {
			// By whatever method, and without a version.
			m.Path(path).Handler(taken("ANY", path))
		} else {
			m.Path(versionMatcher + path).Methods("GET").Handler(taken("GET", path))
			m.Path(path).Methods("GET").Handler(taken("GET", path))
		}
	}
	none := say("none")
	m.HandleFunc(versionMatcher+"/{path:.*}", none)
	m.NotFoundHandler = none
	m.MethodNotAllowedHandler = none
	return m
}

// answer stands for the connection that the engine would answer on.
type answer struct {
	header http.Header
	text   string
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) Write(bytes []byte) (int, error) { return len(bytes), nil }

func (a *answer) WriteHeader(status int) {
	if status == http.StatusMovedPermanently {
		a.text = "redirect"
	}
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.(*answer).text = text }
}

// taken is the handler of one route: it says what the engine's handler would have been given.
func taken(method, path string) http.HandlerFunc {
	var names []string
	for _, found := range variable.FindAllStringSubmatch(path, -1) {
		names = append(names, found[1])
	}
	shape := method + " " + variable.ReplaceAllString(path, "{}")
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			w.(*answer).text = "badquery"
			return
		}
		vars := mux.Vars(r)
		var values []string
		for _, name := range names {
			values = append(values, escape(vars[name]))
		}
		w.(*answer).text = shape + "\t" + escape(vars["version"]) + "\t" + strings.Join(values, ",") + "\t" + query(r)
	}
}

func query(r *http.Request) string {
	var keys []string
	for key := range r.Form {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var pairs []string
	for _, key := range keys {
		for _, value := range r.Form[key] {
			pairs = append(pairs, escape(key)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// escape leaves letters, digits, '-', '.', '_' and '~' as they are, so that nothing in a text can look like the line's own signs.
func escape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		b := text[i]
		plain := '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || strings.IndexByte("-._~", b) >= 0
		if plain {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// ask puts the line through the parser of Go's HTTP server and through the router.
func ask(m *mux.Router, reader *bufio.Reader, line []byte) string {
	head := io.MultiReader(bytes.NewReader(line), strings.NewReader(" HTTP/1.1\r\nHost: docker\r\n\r\n"))
	reader.Reset(head)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return "badrequest"
	}
	a := answer{header: http.Header{}}
	m.ServeHTTP(&a, request)
	return a.text
}

func main() {
	if len(os.Args) != 2 || os.Args[1] != oldest && os.Args[1] != newest {
		fmt.Fprintf(os.Stderr, "usage: oracle %s|%s\n", oldest, newest)
		os.Exit(2)
	}
	m := router(os.Args[1])
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bytes.Split(bytes.TrimSuffix(input, []byte("\n")), []byte("\n"))
	answers := make([]string, len(lines))
	workers := runtime.NumCPU()
	var all sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		all.Add(1)
		go func(first int) {
			defer all.Done()
			reader := bufio.NewReader(nil)
			for i := first; i < len(lines); i += workers {
				answers[i] = ask(m, reader, lines[i])
			}
		}(worker)
	}
	all.Wait()
	out := bufio.NewWriter(os.Stdout)
	for _, text := range answers {
		fmt.Fprintln(out, text)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
