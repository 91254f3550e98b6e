FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY hub hub
RUN python -m venv /opt/hub && /opt/hub/bin/pip install --no-cache-dir -c requirements.lock .

FROM python:3.12-slim
ENV PATH=/opt/hub/bin:$PATH PYTHONUNBUFFERED=1 HUB_LOG_FORMAT=json
RUN useradd --create-home --uid 10001 hub && install -d -o hub -g hub /app /app/.hub
COPY --from=build /opt/hub /opt/hub
USER hub
WORKDIR /app
EXPOSE 8080
ENTRYPOINT ["hub"]
CMD ["up", "--host", "0.0.0.0", "--port", "8080"]
