// Swagger UI over this installation's own document; requests go out as the page's session.
const root = document.getElementById("api");
const csrf = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

window.SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor(request) {
    const token = csrf();
    if (token && new URL(request.url, location).origin === location.origin) request.headers["X-CSRFToken"] = token;
    return request;
  },
});
