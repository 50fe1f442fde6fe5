package cmd

import (
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// A helpTopic is a page behind `easel help TOPIC`.
type helpTopic struct{ name, short, text string }

func helpTopics() []helpTopic {
	return []helpTopic{
		{"buckets", "storing in S3 and what speaks its protocol", bucketsTopic},
		{"config-file", "settings, backends and presets in YAML", configFileTopic},
		{"dynamic", "choices and wildcards in prompts", dynamicTopic},
		{"environment", "the variables that easel reads", environmentTopic},
		{"exit-codes", "what the exit codes mean", exitCodesTopic()},
		{"names", "placeholders of --name", namesTopic},
		{"parameters", "which value wins: flag, preset, character, default", parametersTopic},
		{"request", "a run as JSON, with its schema", requestTopic + requestSchema},
	}
}

func exitCodesTopic() string {
	var b strings.Builder
	b.WriteString("Exit codes of easel. With --json the same number stands in the error object.\n\n")
	for _, e := range problem.ExitCodes() {
		fmt.Fprintf(&b, "  %3d  %s\n", e.Code, strings.Join(wrap(e.Meaning, 73), "\n       "))
	}
	return b.String()
}

const environmentTopic = `Variables that easel reads. A flag wins over a variable, a variable over a file.

  EASEL_BACKEND          where to run, as --backend
  EASEL_OUT              where outputs go, as --out
  EASEL_<KEY>            any other config key: easel config list shows them
  EASEL_TOKEN_<BACKEND>  bearer token of a named backend; dashes become
                         underscores
  EASEL_ALLOW_ORIGINS    origins, separated by commas, that may get secrets
                         although only a project file names them
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_REGION,
  AWS_ENDPOINT_URL and the others of the AWS SDK
                         for --out s3://BUCKET/PREFIX: easel help buckets
  SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY
                         the project behind --out supabase://BUCKET/PREFIX; the
                         key goes to that address and nowhere else
  SUPABASE_DB_URL        its database, for rows about outputs: easel supabase
                         migration --help
  EASEL_FORCE_TTY        1 = draw as on a terminal
  NO_COLOR               any value = no colours
  XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME
                         where config, history and caches live
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                         for addresses outside this machine
`

const bucketsTopic = `--out s3://BUCKET/PREFIX stores in a bucket of AWS, MinIO, Cloudflare R2, a
RunPod volume or anything else that speaks S3. easel finds credentials, region
and address as the aws command does: in the environment, in ~/.aws, by the role of
the machine. They are nowhere else.

  export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...
  export AWS_ENDPOINT_URL=https://ACCOUNT.r2.cloudflarestorage.com
  easel generate flux_single "a lighthouse" --out s3://art/today --presign 24h

What else a place needs stands in the settings (easel config set s3.region auto),
or behind its address, for this one place:

  s3://art/today?endpoint=https://minio.example&region=eu-1

  endpoint       https://HOST[:PORT] of a service that is not AWS
  region         the bucket's region; auto at R2
  profile        a profile of ~/.aws/config
  path_style     true or false: the bucket in the path, or in the host name
  storage_class  STANDARD_IA, INTELLIGENT_TIERING, ...
  acl            private, public-read, ...
  encryption     AES256, aws:kms, or aws:kms=KEY
  cache_control  for browsers: public, max-age=31536000
  checksums      when_supported, or when_required for services that refuse them

A project's file may name a bucket, but no endpoint and no profile: those would
get your credentials. docs/storage.md has a section for each provider.
`

const configFileTopic = `easel config path says where your config file is; a project has its own,
./easel.yaml. Settings are those of easel config list; backends, presets
and models have names of yours.

` + configFileExample + `
A file with secrets must be readable by you alone. A project's file may name a
backend, but the secret for it must stand in yours (easel help environment).
`

// configFileExample has each key of the sections that are maps.
const configFileExample = `  backend: studio            # settings, as easel config list shows them
  out: pictures
  inpaint:
    workflow: flux_inpaint
  backends:
    studio:
      url: http://192.168.1.20:8188
      username: anna         # basic authentication
      password: secret
      token: secret          # or a bearer token
      headers:               # or what a proxy asks for
        X-Api-Key: secret
      client_cert: anna.pem  # mutual TLS: files beside this one, in PEM form
      client_key: anna.key
      ca: studio-ca.pem      # checks the server's certificate, beside the system's
      insecure: true         # the certificate is not checked
      aliases:               # what a model file is called there
        ae.safetensors: flux/ae.sft
  presets:
    portrait:                # easel generate @portrait
      workflow: sd_single
      character: milan
      params: {steps: 30, width: 640}
  models:                    # by folder, where a backend lacks a workflow's own
    checkpoint: dreamshaper_8.safetensors
`

const namesTopic = `Placeholders of --name. The extension comes from the content.

  {workflow}    workflow id
  {id}          run id; sorts by time
  {n}           output of the run, from 1
  {item}        item id of a batch
  {seed}        seed
  {date}        2026-11-24
  {time}        145900
  {character}   character id
  {backend}     backend name
  {prompt:40}   the first 40 characters of the prompt
  {param.NAME}  a parameter
  {row.COLUMN}  a column of a batch's table

A slash makes a folder: --name '{date}/{workflow}-{seed}'. What a file system
forbids is replaced; a file that is there already is kept and the new one gets
-1, -2, ...; --force replaces it.
`

const dynamicTopic = `With --dynamic, choices in prompt and negative prompt are drawn from the seed of
the run: the same seed draws the same. The record has both texts.

  {a|b|c}            one of the options; they may hold choices themselves
  {2::a|b}           a is drawn twice as often as b
  {2$$a|b|c}         two different options, joined by a comma
  {1-2$$ and $$a|b}  one or two, joined by " and "; {-2$$a|b} at most two
  __name__           a line of wildcards/name.txt, in the working directory or
                     the folder that easel config path names; # begins a comment
  __key/key__        an entry of that list in a .yaml or .json file there
  {2$$__name__}      two different lines of it
  __folder/*__       a line of any of these files; ** stands for folders too
  \{ \} \| \_        the character itself

  easel generate flux_single "a {red|blue} fox, __place__" --dynamic --count 4
`
